"""--also on hosts whose engines have been told something already."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.checks.mirror_status import mirror_status
from provisioner.errors import ApplyError
from provisioner.facts.host import Host
from provisioner.facts.model import OtherEngines
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import CONTAINERD_CERTS, CONTAINERD_CONFIG, K3S, PODMAN
from provisioner.host_files.podman_registries import registries_conf
from provisioner.planner.other_engines import CONFIG_PATH
from provisioner.planner.planner import plan
from provisioner.planner.podman import PODMAN_FILE
from provisioner.planner.registry_files import hosts_toml_text
from provisioner.wanted.spec import Spec
from tests.hosts import RUNNING
from tests.planner.told_files import BLOCKED, CRI, INLINE, LIBRARY, REMAPPED

A = "https://a.corp"
HUB = f"{CONTAINERD_CERTS}/docker.io/hosts.toml"


def host(*files, packages=(), names=("containerd", "podman", "k3s")):
    found = tuple(HostFile(path, text) for path, text in files)
    return Host.of(
        replace(
            RUNNING,
            packages={**RUNNING.packages, **dict(packages)},
            other_engines=OtherEngines(names=names, files=found),
        )
    )


def planned(engine, *files, mirrors=(A,), **facts):
    return plan("h", host(*files, **facts), (), Spec(registry_mirrors=mirrors, also=[engine], install=False))


def told(engine, *files, **more):
    return " ".join(warning for warning in planned(engine, *files, **more).warnings if warning.startswith(engine))


def shown(*files, **facts):
    rows = mirror_status(host(*files, **facts)).document()["other_engines"]
    return {
        name: [(row["registry"], row["mirrors"], row["problem"] or row["instead"]) for row in each]
        for name, each in rows.items()
        if each
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (REMAPPED, "docker.io comes from harbor.corp.example/dockerhub"),
        (BLOCKED, "docker.io is blocked"),
        (LIBRARY, "docker.io/library comes from harbor.corp.example/dockerhub/library"),
        ('[[registry]]\nlocation = "docker.io/library"\n', "docker.io/library has no mirrors"),
        ('[[registry]]\nprefix = "*.io"\nblocked = true\n', "*.io is blocked"),
        ('[[registry]]\nprefix = "*.io"\n', "*.io has no mirrors"),
        ('[[registry]]\nlocation = "docker.io"\ninsecure = true\n', "docker.io has insecure"),
        ("[registries.block]\nregistries = ['docker.io']\n", "docker.io is blocked"),
    ],
    ids=[
        "remapped",
        "blocked",
        "library",
        "library without mirrors",
        "wildcard",
        "bare wildcard",
        "insecure",
        "old form",
    ],
)
@pytest.mark.parametrize("path", [PODMAN, f"{PODMAN}.d/10-site.conf", f"{PODMAN}.d/90-site.conf"])
def test_what_somebody_made_of_docker_io_stays_theirs(text, says, path):
    if path != PODMAN and "registries.block" in text:
        says = "cannot be read: has the old form"
    with pytest.raises(ApplyError) as caught:
        planned("podman", (path, text))
    assert path in caught.value.message
    assert says in caught.value.message
    assert "Nothing was changed" in caught.value.message
    assert planned("podman", (path, text), mirrors=()).empty


@pytest.mark.parametrize(
    "text", ["[[registry.mirror]]\nlocation = 'm'\n", "registry = 5\n", "[[registry]]\nblocked = 1\n", "a ="]
)
def test_a_file_that_podman_cannot_read_is_refused(text):
    with pytest.raises(ApplyError, match=r"cannot be read: .*podman reads nothing while it is so. Nothing was changed"):
        planned("podman", (f"{PODMAN}.d/x.conf", text))


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ('unqualified-search-registries = ["docker.io"]\n', ""),
        ('[[registry]]\nlocation = "docker.io"\n', ""),
        ('[[registry]]\nlocation = "r.corp"\ninsecure = true\n', ""),
        ('[aliases]\n"a" = "docker.io/library/a"\n', ""),
        ('unqualified-search-registries = ["q.corp"]\n', "names without a registry are looked up at q.corp"),
        ("[registries.search]\nregistries = ['q.corp']\n", "names without a registry are looked up at q.corp"),
        (
            '[[registry]]\nprefix = "docker.io/team"\nlocation = "h.corp/team"\n',
            "docker.io/team comes from h.corp/team",
        ),
    ],
)
def test_what_does_not_stand_in_the_way_is_told(text, note):
    found = planned("podman", (PODMAN, text))
    assert "mirrors-podman" in [step.id for step in found.steps]
    assert note in told("podman", (PODMAN, text)) if note else told("podman", (PODMAN, text)) == ""


def test_a_later_table_that_says_nothing_would_hide_ours():
    plain = '[[registry]]\nlocation = "docker.io"\n'
    assert "mirrors-podman" in [step.id for step in planned("podman", (f"{PODMAN}.d/10.conf", plain)).steps]
    with pytest.raises(ApplyError, match=r"90.conf says what docker.io is for podman: docker.io has no mirrors"):
        planned("podman", (f"{PODMAN}.d/90.conf", plain))


def test_mirror_status_shows_what_podman_was_told():
    assert shown((PODMAN, REMAPPED), names=("podman",)) == {
        "podman": [("docker.io", [], "docker.io comes from harbor.corp.example/dockerhub")]
    }
    assert ("docker.io", [], "docker.io is blocked") in shown((PODMAN, BLOCKED), names=("podman",))["podman"]


# containers/image: a later file replaces tables of the same prefix, the longest prefix that matches counts, and of
# equally long ones the first in alphabetical order.
PREFIXES = ("docker.io", "docker.io/library", "docker.io/team", "*.io", "*.docker.io", "ghcr.io", "r.corp:5000/x")
REFERENCES = ("docker.io/library/alpine", "docker.io/team/app", "docker.io/other/app", "ghcr.io/a/b", "r.corp:5000/x/y")


@st.composite
def tables(draw):
    prefix = draw(st.sampled_from(PREFIXES))
    location = draw(st.sampled_from(["" if prefix.startswith("*") else prefix, "h.corp/x"]))
    lines = ["[[registry]]", f"prefix = {json.dumps(prefix)}", f"location = {json.dumps(location)}"]
    lines += [f"{name} = true" for name in ("blocked", "insecure") if draw(st.integers(0, 3)) == 0]
    if draw(st.booleans()):
        lines += ["[[registry.mirror]]", 'location = "theirs.corp"']
    return "\n".join(lines) + "\n"


def found_by_podman(files, reference):
    merged = {}
    for path, text in sorted(files, key=lambda file: (file[0] != PODMAN, file[0])):
        for registry in registries_conf(HostFile(path, text)).registries:
            merged[registry.prefix] = registry
    matching = sorted((row for row in merged.values() if row.covers(reference)), key=lambda row: row.prefix)
    weights = {
        registry.prefix: len(reference.partition("/")[0]) if registry.prefix.startswith("*") else len(registry.prefix)
        for registry in matching
    }
    return max(matching, key=lambda registry: weights[registry.prefix], default=None)


@given(
    st.lists(
        st.tuples(st.sampled_from([PODMAN, f"{PODMAN}.d/10.conf", f"{PODMAN}.d/90.conf"]), tables()),
        max_size=3,
        unique_by=lambda file: file[0],
    )
)
def test_our_drop_in_counts_where_it_is_written_and_changes_nothing_else(files):
    try:
        steps = planned("podman", *files).steps
    except ApplyError:
        return
    (ours,) = (step.diffs[0].after for step in steps if step.id == "mirrors-podman")
    for reference in REFERENCES:
        before, after = (found_by_podman(each, reference) for each in (files, [*files, (PODMAN_FILE, ours)]))
        if reference in {"docker.io/other/app", "docker.io/library/alpine"}:
            assert after.mirrors == (A,)
        elif reference.startswith("docker.io/"):
            assert after.mirrors == (A,) or after == before
        else:
            assert after == before


def test_inline_mirrors_are_shown_and_come_out_first():
    note = told("containerd", (CONTAINERD_CONFIG, INLINE))
    assert f"{CONTAINERD_CONFIG} has mirrors of docker.io: https://mirror.gcr.io https://registry-1.docker.io" in note
    assert "hosts.toml is not read. First take registry.mirrors out of it" in note
    assert note.index("First take") < note.index("only then write config_path") < note.index("systemctl restart")
    assert f"below [{CRI}.registry] (with both, CRI does not start)" in note
    assert shown((CONTAINERD_CONFIG, INLINE)) == {
        "containerd": [("docker.io", ["https://mirror.gcr.io", "https://registry-1.docker.io"], None)]
    }


def test_hosts_toml_that_containerd_does_not_read_is_not_shown_as_its_own():
    files = [(CONTAINERD_CONFIG, INLINE), (HUB, hosts_toml_text("docker.io", [A]))]
    assert shown(*files)["containerd"][1] == (
        "docker.io",
        [A],
        f"containerd does not read it: {CONTAINERD_CONFIG} has mirrors or certificates of its own",
    )
    silent = [(CONTAINERD_CONFIG, "version = 2\n"), (HUB, hosts_toml_text("docker.io", [A]))]
    (row,) = shown(*silent, packages={"containerd.io": "1.7.27-1"})["containerd"]
    assert row == ("docker.io", [A], f"containerd does not read it: no config_path names {CONTAINERD_CERTS}")
    (row,) = shown(*silent, packages={"containerd.io": "2.2.1-1"})["containerd"]
    assert row == ("docker.io", [A], None)
    off = [(CONTAINERD_CONFIG, 'disabled_plugins = ["cri"]\n'), (HUB, hosts_toml_text("docker.io", [A]))]
    assert "switches CRI off" in shown(*off)["containerd"][0][2]


def test_mirrors_and_config_path_together_are_told_as_what_they_are():
    both = f'{INLINE}[{CRI}.registry]\n  config_path = "{CONTAINERD_CERTS}"\n'
    assert "CRI does not start, since there is config_path beside them" in told("containerd", (CONTAINERD_CONFIG, both))
    assert shown((CONTAINERD_CONFIG, both))["containerd"][0][2] == "CRI does not start: config_path stands beside it"


@pytest.mark.parametrize(
    ("text", "packages", "note"),
    [
        ("version = 2\n", {}, f"does not name {CONTAINERD_CERTS}: write config_path"),
        ("version = 3\n", {}, 'below [plugins."io.containerd.cri.v1.images".registry]'),
        ("", {}, "below [plugins.cri.registry]"),
        (f'version = 2\n[{CRI}.registry]\nconfig_path = "/srv/certs"\n', {}, f"is /srv/certs, not {CONTAINERD_CERTS}"),
        ("version = 3\n", {"containerd.io": "2.2.1-1"}, ""),
        (CONFIG_PATH, {}, ""),
        ("version = ", {}, "it does not start with that"),
    ],
)
def test_what_is_to_be_done_by_hand(text, packages, note):
    said = told("containerd", (CONTAINERD_CONFIG, text), packages=packages)
    assert note in said if note else said == ""


def test_an_engine_that_reads_hosts_toml_by_itself_needs_no_file():
    found = planned("containerd", packages={"containerd.io": "2.2.1-1"})
    assert CONTAINERD_CONFIG not in {diff.path for diff in found.diffs}
    assert CONTAINERD_CONFIG in {diff.path for diff in planned("containerd").diffs}


def test_imports_are_read():
    files = [
        (CONTAINERD_CONFIG, 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n'),
        ("/etc/containerd/conf.d/mirrors.toml", INLINE),
    ]
    assert "/etc/containerd/conf.d/mirrors.toml has mirrors of docker.io" in told("containerd", *files)


def test_a_wildcard_of_k3s_is_told():
    assert "docker.io has its own from now on" in told(
        "k3s", (K3S, 'mirrors:\n  "*":\n    endpoint: [https://w.corp]\n')
    )


@pytest.mark.parametrize("text", ["# nothing yet: ask the platform team\n", "---\n", "---\n# a\n"])
def test_a_file_of_comments_outlives_our_mirrors(text):
    (after,) = (diff.after for diff in planned("k3s", (K3S, text)).diffs if diff.path == K3S)
    assert after.startswith(text)
