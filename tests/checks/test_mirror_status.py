"""What a host says of its mirrors: agreement, conflicts, overrides, other engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.checks.mirror_status import mirror_status
from provisioner.facts.host import Host
from provisioner.facts.model import OtherEngines
from provisioner.host_files.host_file import HostFile
from tests.hosts import INFO
from tests.options_of_dockerd import PACKAGED, drop_in, host

A, B = "https://a", "https://b"
CONFIG = "/etc/docker/daemon.json"


def configured(text, mirrors, **info):
    facts = host(PACKAGED)
    shown = replace(INFO, mirrors=mirrors, **info)
    return replace(facts, daemon_json=HostFile(CONFIG, text), engine=replace(facts.engine, info=shown))


def hub(text, **info):
    facts = configured('{"registry-mirrors": ["https://a"]}', (A,), **info)
    return replace(facts, registry_hosts=(HostFile("/etc/docker/certs.d/docker.io/hosts.toml", text),))


STORE = {"version": "28.5.2", "containerd_store": True}
ONE_HOST = '[host."https://b"]\n  capabilities = ["pull"]\n'


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        pytest.param(configured('{"registry-mirrors": ["https://a/"]}', (A,)), "", id="agree"),
        pytest.param(configured("{}", ()), "", id="nothing configured"),
        pytest.param(
            configured('{"registry-mirrors": ["https://a"]}', (B,)),
            f"{CONFIG} says https://a, and the engine has https://b: it was not reloaded",
            id="not reloaded",
        ),
        pytest.param(configured("{}", (B,)), "its next start will be without them", id="remembered"),
        pytest.param(configured('{"a": 1,}', (B,)), "the next start of the engine will fail", id="broken"),
        pytest.param(
            replace(
                host(PACKAGED, drop_in("ExecStart=dockerd --registry-mirror=https://a\n"), mirrors=(B,)),
                daemon_json=HostFile(CONFIG, '{"registry-mirrors": ["https://b"]}'),
            ),
            "m.conf, line 3 gives --registry-mirror https://a, and /etc/docker/daemon.json has registry-mirrors as well",
            id="conflict",
        ),
        pytest.param(hub(ONE_HOST, **STORE), "sends pulls from Docker Hub to https://b", id="overridden"),
        pytest.param(hub(ONE_HOST, version="26.1.5", containerd_store=True), "", id="an engine that does not read it"),
        pytest.param(hub(ONE_HOST, version="28.5.2"), "", id="a store that does not read it"),
        pytest.param(hub('server = "https://x"\n', **STORE), "", id="one endpoint overrides nothing"),
    ],
)
def test_problems(facts, problem):
    found = mirror_status(Host.of(facts)).problems
    assert not found if not problem else problem in found[0]


def test_other_engines_are_read():
    files = (
        HostFile("/etc/containerd/certs.d/docker.io/hosts.toml", ONE_HOST),
        HostFile(
            "/etc/containers/registries.conf.d/m.conf",
            '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m.example:5000"\ninsecure = true\n',
        ),
        HostFile("/etc/rancher/k3s/registries.yaml", 'mirrors:\n  docker.io:\n    endpoint: ["https://k.example"]\n'),
    )
    facts = replace(host(PACKAGED), other_engines=OtherEngines(names=("containerd", "podman", "k3s"), files=files))
    document = mirror_status(Host.of(facts)).document()["other_engines"]
    assert {name: [row["mirrors"] for row in rows] for name, rows in document.items()} == {
        "containerd": [["https://b"]],
        "podman": [["http://m.example:5000"]],
        "k3s": [["https://k.example"]],
    }


@pytest.mark.parametrize("path", ["/etc/containers/registries.conf", "/etc/rancher/k3s/registries.yaml"])
def test_a_file_that_cannot_be_read_is_a_problem_of_that_engine(path):
    facts = replace(host(PACKAGED), other_engines=OtherEngines(files=(HostFile(path, "[[x: ]\n: :"),)))
    ((rows),) = mirror_status(Host.of(facts)).document()["other_engines"].values()
    assert rows[0]["problem"]
