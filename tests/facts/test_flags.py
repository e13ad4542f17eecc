"""Options of dockerd that say the same as daemon.json: where they stand, and how they are taken out there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ApplyError
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.planner.daemon_config import daemon_step
from provisioner.planner.take_over import DROP_IN, taken_out
from tests.options_of_dockerd import ENV, ETC, LIB, PACKAGED, drop_in, host

KEY = "registry-mirrors"
WITH_ENV = HostFile(LIB, f"[Service]\n{ENV}ExecStart=/usr/bin/dockerd -H fd:// $DOCKER_OPTS $OPTIONS\n")

PLACES = [
    pytest.param(host(PACKAGED), [], id="a comment is no option"),
    pytest.param(
        host(PACKAGED, drop_in("ExecStart=/usr/bin/dockerd --registry-mirror=https://a\n")),
        [(f"{ETC}, line 3", ("https://a",))],
        id="drop-in",
    ),
    pytest.param(
        host(
            PACKAGED,
            drop_in("ExecStart=dockerd \\\n  --debug \\\n# why\n  --registry-mirror https://a \\\n -H fd://\n"),
        ),
        [(f"{ETC}, line 6", ("https://a",))],
        id="continued",
    ),
    pytest.param(
        host(
            PACKAGED,
            drop_in("ExecStart=dockerd --registry-mirror=https://a\n", "/etc/systemd/system/docker.service.d/1.conf"),
            drop_in("ExecStart=dockerd\n", "/etc/systemd/system/docker.service.d/2.conf"),
        ),
        [],
        id="an ExecStart that a later drop-in forgets",
    ),
    pytest.param(
        host(WITH_ENV, options='DOCKER_OPTS="--registry-mirror=https://a"\n'),
        [("/etc/default/docker, line 1", ("https://a",))],
        id="environment file",
    ),
    pytest.param(
        host(PACKAGED, options='DOCKER_OPTS="--registry-mirror=https://a"\n'), [], id="environment file of nobody"
    ),
    pytest.param(
        host(
            WITH_ENV,
            sysconfig=[("/etc/sysconfig/docker", "OTHER=--registry-mirror=x\nOPTIONS='--registry-mirror https://a'\n")],
        ),
        [("/etc/sysconfig/docker, line 2", ("https://a",))],
        id="sysconfig, by pattern and variable",
    ),
    pytest.param(
        host(init="sysvinit", options='DOCKER_OPTS="-D --registry-mirror=https://a"\n'),
        [("/etc/default/docker, line 1", ("https://a",))],
        id="sysvinit",
    ),
    pytest.param(
        host(PACKAGED, command_line=("--registry-mirror=https://a",)),
        [("the running dockerd", ("https://a",))],
        id="the running process alone",
    ),
]


@pytest.mark.parametrize(("facts", "places"), PLACES)
def test_places(facts, places):
    assert [(place.where, place.values) for place in Host.of(facts).flag_places(KEY)] == places


EDITS = [
    pytest.param(
        "ExecStart=/usr/bin/dockerd -H fd:// --registry-mirror=https://a --debug\n",
        "ExecStart=/usr/bin/dockerd -H fd:// --debug\n",
        id="one line",
    ),
    pytest.param(
        "# mine\nExecStart=/usr/bin/dockerd \\\n    -H fd:// \\\n    --registry-mirror https://a \\\n    --debug\nLimitNOFILE=5\n",
        "# mine\nExecStart=/usr/bin/dockerd \\\n    -H fd:// \\\n    --debug\nLimitNOFILE=5\n",
        id="continued",
    ),
    pytest.param(
        "ExecStart=/usr/bin/dockerd -H fd:// \\\n  --registry-mirror=https://a \\\n  '--registry-mirror=https://b'\n",
        "ExecStart=/usr/bin/dockerd -H fd://\n",
        id="the last ones",
    ),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_a_drop_in_loses_the_option_and_no_other_byte(before, after):
    facts = host(PACKAGED, drop_in(before))
    (edit,) = taken_out(Host.of(facts), Host.of(facts).flag_places(KEY))
    assert (edit.path, edit.text) == (ETC, "[Service]\nExecStart=\n" + after)


def test_a_packaged_unit_stays_and_a_drop_in_says_the_rest():
    facts = host(HostFile(LIB, "[Service]\nExecStart=/usr/bin/dockerd --registry-mirror=https://a -H fd://\n"))
    (edit,) = taken_out(Host.of(facts), Host.of(facts).flag_places(KEY))
    assert (edit.path, edit.before) == (DROP_IN, None)
    assert edit.text.endswith("[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd://\n")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        pytest.param(host(command_line=("--registry-mirror=https://a",)), "command line", id="no file"),
        pytest.param(
            host(PACKAGED, drop_in("ExecStart=/bin/sh -c 'dockerd --registry-mirror=https://a'\n")),
            "part of a longer word",
            id="inside a word",
        ),
        pytest.param(
            host(PACKAGED, drop_in("ExecStart=dockerd --registry-mirror=https://$HOST\n")), "expansion", id="expansion"
        ),
        pytest.param(
            host(HostFile(LIB, '[Service]\nEnvironment="X=-D --registry-mirror=https://a"\nExecStart=dockerd $X\n')),
            "Environment=",
            id="Environment",
        ),
    ],
)
def test_what_cannot_be_taken_out_is_refused_with_its_place(facts, says):
    with pytest.raises(ApplyError, match=says):
        daemon_step(Host.of(facts), {KEY: ["https://new.example"]}, installs=False, take_over=True)


def test_take_over_is_one_step_with_one_restart():
    facts = host(
        PACKAGED,
        drop_in("ExecStart=dockerd --registry-mirror=https://a --debug\n"),
        daemon_json=HostFile("/etc/docker/daemon.json", "{}"),
        command_line=("--registry-mirror=https://a", "--debug"),
        mirrors=("https://a",),
    )
    wanted = {KEY: ["https://new.example"]}
    with pytest.raises(ApplyError, match=r"m\.conf, line 3 gives --registry-mirror") as refused:
        daemon_step(Host.of(facts), wanted, installs=False)
    assert "--take-over" in refused.value.hint
    step, restart = daemon_step(Host.of(facts), wanted, installs=False, take_over=True)
    assert restart.how == "restart"
    assert "--registry-mirror moves to /etc/docker/daemon.json" in restart.why
    assert [diff.path for diff in step.diffs] == [ETC, "/etc/docker/daemon.json"]
    assert step.params["flags"] == ["--debug"]
    assert [edit["path"] for edit in step.params["edits"]] == [ETC]


def test_an_option_that_says_what_is_wanted_moves_only_when_asked():
    facts = host(
        PACKAGED,
        drop_in("ExecStart=dockerd --registry-mirror=https://a\n"),
        command_line=("--registry-mirror=https://a",),
        mirrors=("https://a",),
    )
    assert daemon_step(Host.of(facts), {KEY: ["https://a"]}, installs=False)[0] is None
    step, _ = daemon_step(Host.of(facts), {KEY: ["https://a"]}, installs=False, take_over=True)
    assert '"registry-mirrors"' in step.params["text"]


GAPS = st.sampled_from([" ", "  ", "\t", " \\\n ", " \\\n# note\n  "])
OTHERS = st.sampled_from(["--debug", "-H", "fd://", "'--label=a b'", '"--x=y z"', "--insecure-registry=r:5000"])
OURS = st.sampled_from(["--registry-mirror=https://a", "--registry-mirror https://b", "'--registry-mirror=https://c'"])


@given(st.lists(st.tuples(GAPS, st.one_of(OTHERS, OURS)), max_size=8))
def test_other_words_of_a_command_stay(parts):
    def words(text):
        return [word for word in text.replace("# note", "").replace("\\", " ").split() if word]

    line = "/usr/bin/dockerd" + "".join(gap + word for gap, word in parts)
    kept = "/usr/bin/dockerd" + "".join(f" {word}" for _, word in parts if "registry-mirror" not in word)
    facts = host(PACKAGED, drop_in(f"ExecStart={line}\n"))
    places = Host.of(facts).flag_places(KEY)
    text = taken_out(Host.of(facts), places)[0].text if places else facts.units["docker.service"].files[1].text
    assert words(text.partition("ExecStart=\nExecStart=")[2]) == words(kept)
