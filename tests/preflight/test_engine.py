"""What the preflight says of the engine that is there, and what is refused because of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import BlockedError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.facts.other_dockerd import OtherDockerd
from provisioner.planner.planner import plan, questions
from provisioner.preflight import check
from provisioner.removal.removal import plan_removal
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING
from tests.offered import good

STATIC = replace(RUNNING, packages={}, engine=replace(RUNNING.engine, dockerd="/usr/local/bin/dockerd", package=""))
BESIDE = replace(STATIC, packages=RUNNING.packages)
SECOND = OtherDockerd(77, "/usr/sbin/dockerd", "second.service", ("/run/second.sock",))
TWO = replace(BARE, engine=replace(BARE.engine, others=(SECOND, replace(SECOND, pid=78, unit=""))))
MIRRORS = Spec(registry_mirrors=["https://m.example"], install=False)


@pytest.mark.parametrize("facts", [STATIC, BESIDE], ids=["alone", "docker-ce beside it"])
@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(Spec(version="28"), id="another version"),
        pytest.param(Spec(version="latest"), id="latest"),
        pytest.param(Spec(strategy="distro-packages"), id="a strategy"),
        pytest.param(Spec(source="aliyun"), id="a source"),
    ],
)
def test_packages_do_not_come_beside_an_engine_that_no_package_brought(facts, spec):
    for attempt in (lambda host: questions(host, spec), lambda host: plan("h", host, (good("official"),), spec)):
        with pytest.raises(
            UnsupportedError, match=r"engine 26\.1\.5 here is /usr/local/bin/dockerd, from no pack"
        ) as no:
            attempt(Host.of(facts))
        assert "systemctl disable --now docker.socket docker.service; mkdir -p" in no.value.hint


@pytest.mark.parametrize("spec", [Spec(), Spec(version="26.1"), MIRRORS])
def test_it_is_configured_like_any_other_and_the_plan_says_what_it_is(spec):
    planned = plan("h", Host.of(STATIC), (), spec)
    assert [step.id for step in planned.steps] == (["daemon-config"] if spec is MIRRORS else [])
    assert "the engine is /usr/local/bin/dockerd, from no package" in planned.warnings
    assert planned.engine.program == "/usr/local/bin/dockerd"


@pytest.mark.parametrize("facts", [STATIC, BESIDE], ids=["alone", "docker-ce beside it"])
def test_it_is_not_removed_by_halves(facts):
    with pytest.raises(UnsupportedError, match=r"from no package\b.* known here") as refused:
        plan_removal("h", Host.of(facts))
    assert "mv dockerd docker" in refused.value.hint


@pytest.mark.parametrize("spec", [Spec(), MIRRORS], ids=["apply", "mirrors"])
def test_of_several_engines_none_of_which_is_meant_all_are_named(spec):
    with pytest.raises(BlockedError, match="several engines run here") as refused:
        plan("h", Host.of(TWO), (), spec)
    assert refused.value.exit_code == 8
    assert "pid 77, second.service) at /run/second.sock; /usr/sbin/dockerd (pid 78)" in refused.value.message


def test_a_second_engine_is_named_in_plan_and_check():
    facts = replace(RUNNING, engine=replace(RUNNING.engine, others=(SECOND,), info=INFO))
    said = "another engine runs here and is left alone: /usr/sbin/dockerd (pid 77, second.service) at /run/second.sock"
    assert said in plan("h", Host.of(facts), (), Spec()).warnings
    findings = {row.name: row for row in check(Host.of(facts), Spec(), installs=False)}
    assert (findings["engine"].verdict, findings["engine"].detail) == ("warn", said)
