"""What a plan would refuse is known to check, which asks no package source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import ProvisionerError
from provisioner.facts.dependencies import Dependency, Requirement
from provisioner.facts.host import Host
from provisioner.facts.package_state import PackageState
from provisioner.facts.storage import Mount, Storage
from provisioner.host_files.host_file import HostFile
from provisioner.planner.foreseen import foresee
from provisioner.planner.planner import plan
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, RUNNING
from tests.offered import good

MIRRORS = ["https://m.example"]
READ_ONLY = Storage(mounts=(Mount("/", "ext4", ("rw",)), Mount("/etc/docker", "ext4", ("ro",))))
LOCKED = HostFile("/etc/docker/daemon.json", "{}", immutable=True)
OTHERS = replace(
    BARE,
    packages={"docker.io": "24.0.7-0ubuntu4", "portainer": "1"},
    package_state=PackageState(
        dependencies=(Dependency("portainer", (Requirement("docker.io"),), frozenset({"docker.io"})),)
    ),
)
SITUATIONS = [
    pytest.param(replace(RUNNING, daemon_json=LOCKED), Spec(registry_mirrors=MIRRORS), "immutable", id="a locked file"),
    pytest.param(replace(BARE, daemon_json=LOCKED), Spec(registry_mirrors=MIRRORS), "immutable", id="before an engine"),
    pytest.param(
        replace(RUNNING, storage=READ_ONLY),
        Spec(registry_mirrors=MIRRORS),
        "/etc/docker is mounted read-only",
        id="a read-only directory",
    ),
    pytest.param(OTHERS, Spec(), "portainer needs docker.io", id="what needs the engine that goes"),
    pytest.param(BARE, Spec(source="nowhere"), "no package source named", id="an unknown source"),
    pytest.param(BARE, Spec(version="28.3.1", daemon={"graph": "/x"}), "graph", id="a key that the engine lost"),
    pytest.param(RUNNING, Spec(daemon={"graph": "/x"}), "graph", id="a key that the engine here lacks"),
]
FINE = [
    pytest.param(RUNNING, Spec(registry_mirrors=MIRRORS), id="a change of mirrors"),
    pytest.param(replace(RUNNING, daemon_json=LOCKED), Spec(), id="nothing to change in a locked file"),
    pytest.param(BARE, Spec(registry_mirrors=MIRRORS), id="an installation"),
    pytest.param(BARE, Spec(strategy="distro-packages"), id="the distribution's"),
    pytest.param(OTHERS, Spec(remove_dependents=True), id="what may go"),
    pytest.param(RUNNING, Spec(version="latest"), id="the newest"),
]


@pytest.mark.parametrize(("facts", "spec", "said"), SITUATIONS)
def test_what_a_plan_refuses_is_foreseen_in_the_same_words(facts, spec, said):
    host = Host.of(facts)
    with pytest.raises(ProvisionerError, match=said) as refused:
        plan("h", host, (good("official"),), spec)
    with pytest.raises(ProvisionerError) as foreseen:
        foresee(host, spec)
    assert (foreseen.value.message, foreseen.value.hint) == (refused.value.message, refused.value.hint)


@pytest.mark.parametrize(("facts", "spec"), FINE)
def test_what_a_plan_does_is_not_refused(facts, spec):
    foresee(Host.of(facts), spec)
    plan("h", Host.of(facts), (good("official"),), spec)
