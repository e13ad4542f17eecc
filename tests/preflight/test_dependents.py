"""Who goes along when packages go, and what keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import BlockedError
from provisioner.facts.dependencies import dependencies
from provisioner.facts.host import Host
from provisioner.facts.package_state import PackageState
from provisioner.planner.planner import plan
from provisioner.preflight.dependents import dependents
from provisioner.removal.removal import plan_removal
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, RUNNING, sample
from tests.offered import EL9, ROCKY, good
from tests.removable import INSTALLED

TOOLKIT = "docker-ce (>= 18.06.0~ce~3-0~ubuntu) | docker-ee (>= 18.06.0~ce~3-0~ubuntu) | docker.io (>= 18.06.0)"
COMING = {
    "docker-ce": "5:28.3.1-1~debian.13~trixie",
    "docker-ce-cli": "5:28.3.1-1~debian.13~trixie",
    "containerd.io": "1.7.27-1",
}
TRIXIE = ("5:28.3.1-1~debian.13~trixie",)
PACKAGES = {"docker.io": "26.1.5", "containerd": "1.7", "runc": "1.1"}


def needs(*rows, manager="apt", facts=RUNNING, packages=None):
    """A host on which those packages need what their rows say: "NAME: DEPENDENCIES"."""
    lines = [f"{name}\t{version}\t, \t, " for name, version in (packages or PACKAGES).items()]
    lines += ["{}\t1\t, \t, {}".format(*row.split(": ", 1)) for row in rows]
    state = PackageState(dependencies=dependencies({"deb-dependencies": "\n".join(lines)}))
    return replace(
        facts, os=sample("debian-13"), package_manager=manager, packages=packages or PACKAGES, package_state=state
    )


@pytest.mark.parametrize(
    ("rows", "lost"),
    [
        pytest.param([f"nvidia-docker2: {TOOLKIT}"], [], id="what-comes-will-do"),
        pytest.param(["old: docker-ce (<< 5:20) | docker.io"], ["old"], id="what-comes-is-too-new"),
        pytest.param(["app: docker.io (>= 20)"], ["app"], id="needs-this-engine"),
        pytest.param(["app: docker.io", "more: app (= 1)"], ["app", "more"], id="and-what-needs-that"),
        pytest.param(["app: docker.io | app-engine", "app-engine: bash"], [], id="something-else-is-there"),
        pytest.param(["k: containerd"], [], id="provided-by-what-comes"),
        pytest.param(["k: containerd (>= 1.5)"], ["k"], id="a-provided-name-has-no-version"),
        pytest.param(["k: docker.io | docker-ce", "l: k, runc"], [], id="stays-and-so-does-who-needs-it"),
    ],
)
def test_only_what_really_cannot_stay_goes(rows, lost):
    assert list(dependents(needs(*rows), PACKAGES, COMING)) == lost


def test_a_dependent_blocks_until_it_is_allowed_and_is_in_the_plan_then():
    facts = needs("dokku: docker.io (>= 17.05)", f"nvidia-docker2: {TOOLKIT}")
    answer = good("official", TRIXIE, suites=("debian/trixie",))
    with pytest.raises(BlockedError, match=r"dokku needs docker\.io >= 17\.05: it would be removed too") as refused:
        plan("h", Host.of(facts), (answer,), Spec(strategy="apt-repo"))
    assert "--remove-dependents" in refused.value.hint
    assert "nvidia-docker2" not in refused.value.message
    planned = plan("h", Host.of(facts), (answer,), Spec(strategy="apt-repo", remove_dependents=True))
    assert planned.steps[0].title == "remove docker.io containerd runc dokku"
    assert "dokku needs docker.io >= 17.05" in planned.steps[0].why
    assert "docker.io- containerd- runc- dokku-" in apply_script(planned)


def test_what_makes_room_goes_in_the_transaction_of_what_comes():
    script = apply_script(
        plan("h", Host.of(needs()), (good("official", TRIXIE, suites=("debian/trixie",)),), Spec(strategy="apt-repo"))
    )
    assert script.index("-s") < script.index("--download-only") < script.index("--no-download")
    assert "patient_apt -y -q remove docker.io" not in script


def test_rpm_says_who_cannot_stay_and_a_boolean_dependency_is_met_by_what_comes():
    rows = "docker-engine\tdocker-engine\tengine-watcher\ndocker-engine\t(docker-ce or docker-engine)\ttoolkit\n"
    facts = replace(
        ROCKY,
        engine=RUNNING.engine,
        packages={"docker-engine": "20.10.24-3.el9", "containerd": "1.6", "runc": "1.1"},
        package_state=PackageState(dependencies=dependencies({"rpm-dependencies": rows})),
    )
    answer = good("official", EL9, suites=("rhel/9",))
    with pytest.raises(BlockedError, match="engine-watcher needs docker-engine"):
        plan("h", Host.of(facts), (answer,), Spec(strategy="rpm-repo"))
    planned = plan("h", Host.of(facts), (answer,), Spec(strategy="rpm-repo", remove_dependents=True))
    assert planned.steps[0].title == "remove docker-engine containerd runc engine-watcher"
    assert any("come back as far as a source" in warning for warning in planned.warnings)


def test_a_removal_takes_nobody_along_unasked():
    packages = {"docker-ce": "5:26", "docker-ce-cli": "5:26", "containerd.io": "1.7"}
    facts = needs("app: docker-ce-cli", facts=INSTALLED, packages=packages)
    with pytest.raises(BlockedError, match="app needs docker-ce-cli"):
        plan_removal("h", Host.of(facts))
    planned = plan_removal("h", Host.of(facts), remove_dependents=True)
    (step,) = (step for step in planned.steps if step.id == "packages")
    assert step.title == "remove docker-ce docker-ce-cli containerd.io app"
    assert "app needs docker-ce-cli" in step.why


def test_nothing_is_known_of_dependents_and_nothing_blocks():
    facts = replace(BARE, os=sample("debian-13"), packages=PACKAGES)
    assert plan("h", Host.of(facts), (good("official", TRIXIE, suites=("debian/trixie",)),), Spec(strategy="apt-repo"))
