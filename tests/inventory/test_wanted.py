from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.inventory import InventoryHost, load, spec_of
from provisioner.inventory.document import parse
from provisioner.inventory.wanted import merged

LEVELS = """\
all:
  vars:
    docker:
      version: 27
      registry_mirrors: [https://all.example]
      daemon: {debug: true, log-opts: {max-size: 10m}}
  children:
    parent:
      vars: {docker: {channel: test, daemon: {debug: false}}}
      children:
        child:
          vars: {docker: {registry_mirrors: [https://child.example, https://second.example]}}
          hosts:
            h:
              docker: {version: 28.10, daemon: {log-opts: {max-file: "3"}}}
"""


def test_from_group_to_host(inventory):
    (host,) = inventory(LEVELS).hosts()
    assert host.groups == ("parent", "child")
    assert host.wanted == {
        "version": "28.10",
        "channel": "test",
        "registry_mirrors": ["https://child.example", "https://second.example"],
        "daemon": {"debug": False, "log-opts": {"max-file": "3"}},
    }


def test_the_command_line_is_on_top(inventory):
    (host,) = inventory(LEVELS).hosts()
    spec = spec_of(host, {"version": "26", "daemon": {"mtu": 1400}, "registry_mirrors": []})
    assert spec.version == "26"
    assert spec.registry_mirrors == ()
    assert spec.daemon == {"debug": False, "log-opts": {"max-file": "3"}, "mtu": 1400}
    assert spec_of(host, {"install": False}).install is False


def test_nothing_wanted_is_the_default_spec():
    assert spec_of(InventoryHost("h", "h"), {}).model_fields_set == set()


def test_an_empty_key_takes_back_what_the_group_says(inventory):
    found = inventory(
        "all: {vars: {docker: {version: 27, channel: test}}, hosts: {h: {docker: {version: , channel: }}}}"
    )
    spec = spec_of(found.hosts()[0], {})
    assert (spec.version, spec.channel) == (None, "stable")


def test_numbers_in_daemon_are_numbers_and_text_is_text(inventory):
    found = inventory(
        """all: {hosts: {h: {docker: {daemon: {mtu: 1400, a: "1", b: 1.5, c: [1, yes, ~], d: 2026-01-02, e: 0x10}}}}}"""
    )
    assert found.hosts()[0].wanted["daemon"] == {
        "mtu": 1400, "a": "1", "b": 1.5, "c": [1, True, None], "d": "2026-01-02", "e": 16,
    }  # fmt: skip


PROBLEMS = """\
all:
  vars:
    docker:
      versoin: 28
      channel: nightly
      registry_mirrors: https://u:hunter2@m.example
      insecure_registries:
        - ok.example:5000
        - http://bad.example
      source-fingerprint: x
      hold: perhaps
      users:
        - a b
      daemon:
        Debug: true
  hosts:
    h:
"""


def test_every_problem_with_its_place(inventory):
    (host,) = inventory(PROBLEMS).hosts()
    with pytest.raises(UsageError) as caught:
        spec_of(host, {})
    lines = str(caught.value).splitlines()
    assert [line.partition("hosts.yaml, ")[2] for line in lines] == [
        "line 4, column 7, at all.vars.docker.versoin: 'versoin' is not a key of docker:; did you mean version?",
        "line 5, column 16, at all.vars.docker.channel: 'nightly' is not allowed: 'stable' or 'test'",
        "line 6, column 25, at all.vars.docker.registry_mirrors: 'https://u:***@m.example' is not a list; write [value] or one `- value` a line",
        "line 9, column 11, at all.vars.docker.insecure_registries.1: 'http://bad.example': dockerd wants host[:port] or a CIDR range here, without a scheme",
        "line 10, column 7, at all.vars.docker.source-fingerprint: 'source-fingerprint' is not a key of docker:; did you mean source_fingerprint?",
        "line 11, column 13, at all.vars.docker.hold: 'perhaps' is neither true nor false",
        "line 13, column 11, at all.vars.docker.users.0: 'a b' is not a login name",
    ]
    assert caught.value.hint.startswith("allowed: version, channel, source")
    assert "install" not in caught.value.hint


@pytest.mark.parametrize(
    ("docker", "said"),
    [
        ("{daemon: {Debug: 1}}", "column 36, at all.hosts.h.docker.daemon: 'Debug' is not a key of daemon.json"),
        ("{install: false}", "column 28, at all.hosts.h.docker.install: 'install' is not a key of docker:"),
        ("{source_fingerprint: " + "A" * 40 + "}", "at all.hosts.h.docker.source_fingerprint: goes with a source"),
        ("true", "column 27, at all.hosts.h.docker: a mapping is wanted here, not true or false"),
        ("[a]", "column 27, at all.hosts.h.docker: a mapping is wanted here, not a list"),
        ("{version: '{{ v }}'}", "column 37, at all.hosts.h.docker.version: the value is a Jinja template"),
        ("{daemon: {a: !vault x}}", "at all.hosts.h.docker.daemon.a: the value is encrypted"),
        ("{daemon: {a: !other x}}", "the tag !other is not known here"),
        ("{daemon: {a: .nan}}", "a number that JSON cannot carry"),
        ("{daemon: &a {a: *a}}", "has no end"),
        ("{daemon: {a: 1, a: 2}}", "column 43, at all.hosts.h.docker.daemon.a: 'a' stands here twice, first in line 1"),
    ],
)
def test_one_problem(inventory, docker, said):
    with pytest.raises(UsageError) as caught:
        spec_of(inventory(f"all: {{hosts: {{h: {{docker: {docker}}}}}}}").hosts()[0], {})
    assert said in str(caught.value)


def test_a_problem_of_an_option_does_not_blame_the_inventory(inventory):
    (host,) = inventory("all: {hosts: {h: {docker: {version: 28}}}}").hosts()
    with pytest.raises(UsageError) as caught:
        spec_of(host, {"version": "x y"})
    assert str(caught.value) == "version: 'x y' is not a version: write latest, 28, 28.3 or 28.3.1"


KEYS = st.sampled_from(["version", "channel", "users", "daemon"])
DAEMON = st.dictionaries(st.sampled_from(["debug", "mtu", "labels"]), st.integers() | st.booleans(), max_size=3)
MAPPINGS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from(["27", "28", None]),
        "users": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "daemon": DAEMON,
    },
)


@given(st.lists(MAPPINGS, max_size=5))
def test_the_nearest_level_wins_and_daemon_is_merged(levels):
    import json

    entries = [parse(json.dumps(level), "f") for level in levels]
    values, positions = merged(entries)
    expected = {}
    for level in levels:
        daemon = {**expected.get("daemon", {}), **level["daemon"]} if "daemon" in level else expected.get("daemon")
        expected = {**expected, **level}
        if daemon is not None:
            expected["daemon"] = daemon
    assert values == expected
    assert {path[0] for path in positions} == set(values)
    for key in expected.get("daemon", {}):
        assert ("daemon", key) in positions


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_precedence_is_depth_then_priority_then_name_then_host(data, tmp_path_factory):
    """Against a model: a chain of groups, each level with siblings, in any order in the file."""
    depth = data.draw(st.integers(1, 4))
    siblings = [data.draw(st.integers(1, 3)) for _ in range(depth)]
    names = [[f"g{level}{sibling}" for sibling in range(count)] for level, count in enumerate(siblings)]
    priorities = {name: data.draw(st.integers(1, 3)) for name in itertools.chain(*names)}
    own = data.draw(st.booleans())
    document = {}
    for level, group in enumerate(names):
        for name in group:
            document[name] = {"vars": {"docker": {"version": name}, "ansible_group_priority": priorities[name]}}
            if level + 1 < depth:
                document[name]["children"] = dict.fromkeys(names[level + 1])
            else:
                document[name]["hosts"] = {"h": {"docker": {"version": "own"}} if own else {}}
    shuffled = data.draw(st.permutations(list(document.items())))
    import yaml

    path = tmp_path_factory.mktemp("precedence") / "hosts.yaml"
    path.write_text(yaml.safe_dump(dict(shuffled), sort_keys=False))
    winner = "own" if own else max(names[-1], key=lambda name: (priorities[name], name))
    (host,) = load(path).hosts()
    assert host.wanted == {"version": winner}
