"""Mirrors outside of daemon.json: hosts.toml, certificates, containerd, podman and k3s."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from provisioner.errors import ApplyError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.facts.model import OtherEngines
from provisioner.facts.record import Record, WrittenFile
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.k3s_registries import with_mirrors
from provisioner.host_files.mirror_files import hosts_toml
from provisioner.host_files.podman_registries import podman
from provisioner.planner.planner import plan
from provisioner.planner.podman import PODMAN_FILE, podman_text
from provisioner.planner.registry_files import hosts_toml_text
from provisioner.wanted.spec import Spec
from tests.hosts import INFO, RUNNING

A, B = "https://a.example", "http://b.example:5000/hub"
GHCR = "/etc/docker/certs.d/ghcr.io/hosts.toml"
PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"


def running(
    *, version="28.5.2", store=True, hosts=(), cas=(), others=(), names=("containerd", "podman", "k3s"), wrote=()
):
    info = replace(INFO, version=version, containerd_store=store)
    return replace(
        RUNNING,
        engine=replace(RUNNING.engine, info=info),
        registry_hosts=tuple(HostFile(path, text) for path, text in hosts),
        registry_cas=tuple(HostFile(path, text) for path, text in cas),
        other_engines=OtherEngines(names=names, files=tuple(HostFile(path, text) for path, text in others)),
        record=Record(tuple(WrittenFile(path, "1", "20261124T000000Z", "1") for path in wrote)),
    )


def wanted(**values):
    return Spec(**values, install=False)


def written(facts, spec):
    """{path: text} of the files a plan writes besides daemon.json; None for one that goes."""
    planned = plan("h", Host.of(facts), (), spec)
    return {diff.path: diff.after for diff in planned.diffs if diff.path != "/etc/docker/daemon.json"}


def test_a_registry_gets_its_mirrors_without_a_reload():
    planned = plan("h", Host.of(running()), (), wanted(other_registry_mirrors={"ghcr.io": [A, B]}))
    assert planned.restart.how == "none"
    text = planned.diffs[0].after
    assert hosts_toml(HostFile(GHCR, text)).urls == (A, B)
    assert 'server = "https://ghcr.io"' in text
    assert "push" not in text
    assert plan(
        "h", Host.of(running(hosts=[(GHCR, text)])), (), wanted(other_registry_mirrors={"ghcr.io": [A, B]})
    ).empty


@pytest.mark.parametrize(
    ("facts", "spec", "expected"),
    [
        pytest.param(
            running(hosts=[(GHCR, hosts_toml_text("ghcr.io", [A]))]),
            wanted(other_registry_mirrors={"ghcr.io": [B]}),
            {GHCR: hosts_toml_text("ghcr.io", [B])},
            id="ours is replaced",
        ),
        pytest.param(
            running(hosts=[(GHCR, hosts_toml_text("ghcr.io", [A]))]),
            wanted(other_registry_mirrors={"ghcr.io": []}),
            {GHCR: None},
            id="ours goes",
        ),
        pytest.param(running(), wanted(other_registry_mirrors={"ghcr.io": []}), {}, id="nothing to remove"),
        pytest.param(
            running(store=False), wanted(registry_mirrors=["https://m:5000/x", B], mirror_ca=PEM),
            {"/etc/docker/certs.d/m:5000/ca.crt": PEM},
            id="certificate of https mirrors",
        ),
    ],
)  # fmt: skip
def test_files_of_registries(facts, spec, expected):
    assert written(facts, spec) == expected


@pytest.mark.parametrize(
    ("facts", "spec", "error", "says"),
    [
        pytest.param(
            running(version="26.1.5"),
            wanted(other_registry_mirrors={"ghcr.io": [A]}),
            UnsupportedError,
            "need Docker 28",
            id="old",
        ),
        pytest.param(
            running(store=False),
            wanted(other_registry_mirrors={"ghcr.io": [A]}),
            UnsupportedError,
            "containerd image store; the images here are kept with overlay2",
            id="graph driver",
        ),
        pytest.param(
            running(hosts=[(GHCR, '[host."https://theirs"]\n  skip_verify = true\n')]),
            wanted(other_registry_mirrors={"ghcr.io": [A]}),
            ApplyError,
            "was not written by this tool",
            id="somebody else's hosts.toml",
        ),
        pytest.param(
            running(cas=[("/etc/docker/certs.d/a.example/ca.crt", "theirs")]),
            wanted(registry_mirrors=[A], mirror_ca=PEM),
            ApplyError,
            "was not written by this tool",
            id="somebody else's certificate",
        ),
        pytest.param(
            running(names=()), wanted(registry_mirrors=[A], also=["podman"]), ApplyError, "no podman", id="no engine"
        ),
        pytest.param(
            running(others=[("/etc/containers/registries.conf", podman_text([B]))]),
            wanted(registry_mirrors=[A], also=["podman"]),
            ApplyError,
            "was not written by this tool",
            id="podman has mirrors",
        ),
    ],
)
def test_refusals(facts, spec, error, says):
    with pytest.raises(error, match=says):
        plan("h", Host.of(facts), (), spec)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"other_registry_mirrors": {"docker.io": [A]}}, "without docker.io="),
        ({"other_registry_mirrors": {"../x": [A]}}, "not the host of a registry"),
        ({"mirror_ca": "nothing"}, "not the certificate"),
        ({"also": ["podman"]}, "goes with registry_mirrors"),
        ({"also": ["cri-o"], "registry_mirrors": []}, "containerd"),
    ],
)
def test_what_cannot_be_wanted(values, says):
    with pytest.raises(ValidationError, match=says):
        Spec(**values)


def test_on_28_with_the_containerd_store_mirrors_of_hub_are_trusted_as_hub_is():
    files = written(running(), wanted(registry_mirrors=[A], mirror_ca=PEM))
    assert set(files) == {f"/etc/docker/certs.d/{name}/ca.crt" for name in ("a.example", "docker.io")}
    files = written(running(version="26.1.5"), wanted(registry_mirrors=[A], mirror_ca=PEM))
    assert set(files) == {"/etc/docker/certs.d/a.example/ca.crt"}


def test_a_hosts_toml_names_the_certificate_of_its_mirror_now_and_later():
    certificate = "/etc/docker/certs.d/a.example/ca.crt"
    files = written(running(), wanted(other_registry_mirrors={"ghcr.io": [A, B]}, mirror_ca=PEM))
    assert files[GHCR] == hosts_toml_text("ghcr.io", [A, B], {A: certificate})
    later = running(hosts=[(GHCR, files[GHCR])], cas=[(certificate, PEM)])
    assert written(later, wanted(other_registry_mirrors={"ghcr.io": [A, B]})) == {}
    assert written(later, wanted(other_registry_mirrors={"ghcr.io": []})) == {GHCR: None}


HUB = "/etc/containerd/certs.d/docker.io/hosts.toml"
CONFIG = "/etc/containerd/config.toml"


@pytest.mark.parametrize(
    ("config", "writes", "note"),
    [
        pytest.param(None, {HUB, CONFIG}, "is new; it counts from the next start", id="no config"),
        pytest.param('config_path = "/etc/containerd/certs.d"\n', {HUB}, "", id="config_path"),
        pytest.param('disabled_plugins = ["cri"]\n', {HUB}, "switches CRI off", id="CRI is off"),
        pytest.param("version = 3\n", {HUB}, "write config_path =", id="without config_path"),
    ],
)
def test_containerd(config, writes, note):
    facts = running(others=[(CONFIG, config)] if config else [])
    spec = wanted(registry_mirrors=[A], also=["containerd"])
    assert set(written(facts, spec)) == writes
    assert note in "".join(plan("h", Host.of(facts), (), spec).warnings)


def test_podman_is_asked_for_mirrors_without_a_scheme():
    text = written(running(), wanted(registry_mirrors=[A, B], also=["podman"]))[PODMAN_FILE]
    assert [(row.registry, row.urls) for row in podman([HostFile(PODMAN_FILE, text)])] == [("docker.io", (A, B))]
    there = running(others=[(PODMAN_FILE, text)])
    assert written(there, wanted(registry_mirrors=[A, B], also=["podman"])) == {}
    assert written(there, wanted(registry_mirrors=[], also=["podman"])) == {PODMAN_FILE: None}


OURS = 'mirrors:\n  docker.io:\n    endpoint:\n      - "https://a.example"\n'


@pytest.mark.parametrize(
    ("text", "mirrors", "ours", "expected"),
    [
        pytest.param(None, [A], False, OURS, id="new"),
        pytest.param("", [A], False, OURS, id="empty"),
        pytest.param("# note\nconfigs: {}\n", [A], False, "# note\nconfigs: {}\n" + OURS, id="without mirrors"),
        pytest.param(
            "mirrors:\n    ghcr.io: # why\n        endpoint: [x]\nconfigs:\n  a: 1\n",
            [A],
            False,
            'mirrors:\n    docker.io:\n      endpoint:\n        - "https://a.example"\n    ghcr.io: # why\n        endpoint: [x]\nconfigs:\n  a: 1\n',
            id="beside another",
        ),
        pytest.param(OURS, [A], False, OURS, id="there already"),
        pytest.param(OURS + "configs: {}\n", [B], True, OURS.replace(A, B) + "configs: {}\n", id="ours is replaced"),
        pytest.param(OURS, [], True, None, id="ours goes"),
        pytest.param("configs: {}\n" + OURS, [], True, "configs: {}\n", id="ours goes, the rest stays"),
        pytest.param("configs: {}\n", [], False, "configs: {}\n", id="nothing to remove"),
    ],
)
def test_k3s(text, mirrors, ours, expected):
    file = HostFile("/etc/rancher/k3s/registries.yaml", text) if text is not None else None
    assert with_mirrors(file, mirrors, ours=ours) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OURS.replace(A, B), "says other things of docker.io"),
        ("mirrors: {ghcr.io: {endpoint: [x]}}\n", "on one line"),
        ("mirrors:\n", "without any"),
        ("mirrors: [a]\n", "no mapping"),
        ("a: b: c\n", "cannot be read"),
    ],
)
def test_k3s_refusals(text, says):
    with pytest.raises(ApplyError, match=says):
        with_mirrors(HostFile("/etc/rancher/k3s/registries.yaml", text), [A], ours=False)


NAMES = st.sampled_from(["ghcr.io", "quay.io", '"*"', "registry.example:5000"])


@given(
    st.lists(NAMES, unique=True, max_size=3),
    st.sampled_from(["  ", "    "]),
    st.booleans(),
    st.sampled_from(["", "# c\n"]),
)
def test_k3s_keeps_what_else_it_says(names, indent, configs, comment):
    lines = "".join(f"{indent}{name}:\n{indent}  endpoint:\n{indent}  - https://x\n{comment}" for name in names)
    text = (
        comment
        + (f"mirrors:\n{lines}" if names else "")
        + ("configs:\n  a: {auth: {username: b}}\n" if configs else "")
    )
    after = with_mirrors(HostFile("/r.yaml", text), [A], ours=False)
    before = yaml.safe_load(text) or {}
    document = yaml.safe_load(after)
    assert document.get("mirrors").pop("docker.io") == {"endpoint": [A]}
    assert (document["mirrors"] or {}) == (before.get("mirrors") or {})
    assert document.get("configs") == before.get("configs")
    again = with_mirrors(HostFile("/r.yaml", after), [], ours=True)
    assert (yaml.safe_load(again or "") or {}) == before
