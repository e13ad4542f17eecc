"""Engines of which a part is gone: what a plan does about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import ApplyError, PrivilegeError
from provisioner.facts.host import Host
from provisioner.facts.model import Login, OtherEngines
from provisioner.host_files.systemd_unit import Unit
from provisioner.planner.missing_packages import missing_packages
from provisioner.planner.planner import plan
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING, sample

THERE = OtherEngines(names=("containerd",))
OWN = {"docker.io": "26.1.5", "containerd": "1.7", "docker-cli": "26.1.5"}
CE = {
    "docker-ce": "5:26.1.5-1~debian.13~trixie",
    "docker-ce-cli": "5:26.1.5-1~debian.13~trixie",
    "containerd.io": "1.7",
}


def engine(packages, *gone, package="docker.io", client="/usr/bin/docker", others=THERE, **changes):
    left = {name: version for name, version in packages.items() if name not in gone}
    told = {"package": package, "client": client, "info": INFO, **changes}
    facts = replace(RUNNING, os=sample("debian-13"), packages=left, other_engines=others)
    return replace(facts, engine=replace(RUNNING.engine, **told))


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        pytest.param(engine(OWN), (), id="whole"),
        pytest.param(engine(OWN, "docker-cli", client=""), ("docker-cli",), id="client"),
        pytest.param(engine(OWN, "docker-cli"), (), id="a client from elsewhere"),
        pytest.param(engine(OWN, client=""), (), id="a client that is gone from its package"),
        pytest.param(engine(OWN, "containerd", others=OtherEngines()), ("containerd",), id="containerd"),
        pytest.param(engine(OWN, "containerd"), (), id="a containerd from elsewhere"),
        pytest.param(
            engine(CE, "docker-ce-cli", "containerd.io", package="docker-ce", client="", others=OtherEngines()),
            ("docker-ce-cli", "containerd.io"),
            id="both of docker-ce",
        ),
        pytest.param(engine({}, package="", client="", others=OtherEngines()), (), id="no package brought it"),
        pytest.param(engine({}, package=None, client="", others=OtherEngines()), (), id="nobody can tell"),
        pytest.param(
            engine({"docker.io": "18.06.1"}, info=replace(INFO, version="18.06.1"), others=OtherEngines()), (), id="old"
        ),
    ],
)
def test_packages_that_an_engine_lacks(facts, missing):
    assert missing_packages(Host.of(facts)) == missing


def test_the_client_comes_at_the_version_of_the_engine_and_nothing_restarts():
    facts = engine(CE, "docker-ce-cli", package="docker-ce", client="", info=replace(INFO, containers_running=3))
    planned = plan("h", Host.of(facts), (), Spec())
    assert [step.params.get("packages") for step in planned.steps] == [[f"docker-ce-cli={CE['docker-ce']}"]]
    assert (planned.restart.how, planned.restart.stops_containers) == ("none", 0)
    rpm = replace(facts, package_manager="dnf", packages={"docker-ce": "3:26.1.5-1.el9", "containerd.io": "1"})
    (step,) = plan("h", Host.of(replace(rpm, os=sample("rocky-9.5"))), (), Spec()).steps
    assert step.params["packages"] == ["docker-ce-cli-26.1.5-1.el9"]


def test_mirrors_of_an_engine_without_client_are_looked_at_in_its_own_answer():
    facts = engine(OWN, "docker-cli", client="", asked="curl")
    (step,) = plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://a", "https://b"], install=False)).steps
    assert step.params["client"] is False
    assert step.params["fragments"] == ['"ServerVersion":', '"Mirrors":["https://a/","https://b/"]']


SILENT = {"info": None, "error": "no word within 20 s", "containers_alive": 2}


def test_an_engine_that_does_not_answer_is_restarted_and_what_that_stops_is_counted():
    planned = plan("h", Host.of(engine(OWN, **SILENT)), (), Spec())
    assert [(step.id, step.title) for step in planned.steps] == [("service", "restart the engine")]
    assert planned.steps[0].params["revive"]
    assert (planned.restart.how, planned.restart.stops_containers) == ("restart", 2)
    assert planned.restart.why == "dockerd runs and does not answer: no word within 20 s"


def test_an_engine_that_waits_for_its_containerd_is_not_restarted():
    facts = engine(OWN, **SILENT, command_line=("dockerd", "--containerd=/run/containerd/containerd.sock"))
    units = {**facts.units, "containerd.service": Unit("containerd.service", "loaded", "inactive", "enabled")}
    planned = plan("h", Host.of(replace(facts, units=units)), (), Spec())
    assert [step.title for step in planned.steps] == ["start containerd"]
    assert (planned.restart.how, planned.restart.stops_containers) == ("none", 0)


def test_what_cannot_be_asked_is_not_guessed():
    with pytest.raises(ApplyError, match=r"listens only at tcp://127\.0\.0\.1:2376"):
        plan("h", Host.of(engine(OWN, **SILENT, host="tcp://127.0.0.1:2376")), (), Spec())
    login = Login("ops", 1000, ("ops",), "none", "sudo is not installed")
    with pytest.raises(PrivilegeError, match=r"ops may not ask it: no word within 20 s"):
        plan("h", Host.of(replace(engine(OWN, **SILENT), login=login)), (), Spec())


def test_a_stopped_engine_is_started_as_before():
    stopped = replace(RUNNING, engine=replace(RUNNING.engine, pid=0, info=None, command_line=()))
    planned = plan("h", Host.of(stopped), (), Spec())
    assert [step.title for step in planned.steps] == ["start the engine"]
    assert planned.restart.how == "start"
    assert plan("h", Host.of(BARE), (), Spec()).restart.how == "start"
