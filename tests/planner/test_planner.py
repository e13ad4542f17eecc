from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import ApplyError, PrivilegeError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.facts.model import Login, OperatingSystem, OtherEngines, Rootless
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_unit import Unit
from provisioner.planner.planner import plan, questions
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING


def test_a_host_as_wanted_has_an_empty_plan():
    assert plan("h", Host.of(RUNNING), (), Spec()).empty
    assert questions(Host.of(RUNNING), Spec()).sources == ()


def test_mirrors_come_by_reload_and_keep_other_keys():
    facts = replace(RUNNING, daemon_json=HostFile("/etc/docker/daemon.json", '{"labels": ["a=b"]}', mode="600"))
    planned = plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://m.example"], install=False))
    assert planned.restart.how == "reload"
    (step,) = planned.steps
    assert step.params["mode"] == "600"
    assert step.params["text"] == '{"labels": ["a=b"], "registry-mirrors": ["https://m.example"]}'


def test_a_key_that_needs_a_restart_counts_the_containers_it_stops():
    facts = replace(RUNNING, engine=replace(RUNNING.engine, info=replace(INFO, containers_running=3)))
    restart = plan("h", Host.of(facts), (), Spec(daemon={"data-root": "/srv"}, install=False)).restart
    assert (restart.how, restart.stops_containers) == ("restart", 3)


def test_live_restore_stops_nothing():
    facts = replace(
        RUNNING, engine=replace(RUNNING.engine, info=replace(INFO, containers_running=3, live_restore=True))
    )
    assert (
        plan("h", Host.of(facts), (), Spec(daemon={"data-root": "/srv"}, install=False)).restart.stops_containers == 0
    )


def test_the_same_directive_as_a_flag_is_named_with_file_and_line():
    unit = replace(
        RUNNING.units["docker.service"],
        files=(
            HostFile(
                "/etc/systemd/system/docker.service.d/m.conf",
                "[Service]\nExecStart=\nExecStart=dockerd --registry-mirror=https://x\n",
            ),
        ),
    )
    facts = replace(RUNNING, units={"docker.service": unit})
    with pytest.raises(ApplyError, match=r"m\.conf, line 3 gives --registry-mirror"):
        plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://m.example"], install=False))


def test_sysvinit_keeps_mirrors_in_docker_opts_and_restarts():
    facts = replace(
        RUNNING,
        init="sysvinit",
        starts_at_boot=True,
        options_file=HostFile("/etc/default/docker", 'DOCKER_OPTS="-D"\n'),
    )
    planned = plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://m.example"], install=False))
    assert planned.restart.how == "restart"
    assert planned.diffs[0].after == 'DOCKER_OPTS="-D --registry-mirror=https://m.example"\n'


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        pytest.param(replace(BARE, kernel="2.6.32-754.el6"), "3.10", id="old-kernel"),
        pytest.param(
            replace(BARE, os=OperatingSystem(id="plan9", version_id="4", name="Plan 9")),
            "id=plan9 version=4",
            id="unknown",
        ),
        pytest.param(replace(BARE, snap=True), "snap", id="snap"),
    ],
)
def test_what_cannot_be_done_is_said_with_everything_detected(facts, message):
    with pytest.raises(UnsupportedError, match=message):
        plan("h", Host.of(facts), (), Spec())


def test_without_root_the_refusal_is_reported():
    facts = replace(BARE, login=Login("ops", 1000, ("ops",), "password", "sudo asks for a password"))
    with pytest.raises(PrivilegeError, match="sudo asks for a password"):
        plan("h", Host.of(facts), (), Spec())


def test_a_first_install_has_its_configuration_before_its_first_start():
    planned = plan("h", Host.of(BARE), (), Spec(registry_mirrors=["https://m.example"]))
    assert [step.id for step in planned.steps] == ["packages", "daemon-config", "service"]
    assert planned.restart.how == "start"


def test_hostile_values_are_quoted_in_the_script():
    planned = plan("h", Host.of(RUNNING), (), Spec(daemon={"labels": ["a='; rm -rf /"]}, install=False))
    assert "a='; rm -rf /" in planned.steps[0].params["text"]
    assert """'"'"'; rm -rf /""" in apply_script(planned)


@pytest.mark.parametrize(
    ("units", "title"),
    [
        pytest.param({"docker.service": "masked"}, "unmask and enable and start the engine", id="service"),
        pytest.param(
            {"docker.service": "enabled", "docker.socket": "masked"}, "unmask and start the engine", id="its socket"
        ),
    ],
)
def test_a_unit_that_somebody_masked_is_unmasked_in_so_many_words(units, title):
    facts = replace(RUNNING, units={name: Unit(name, "loaded", "inactive", state) for name, state in units.items()})
    stopped = replace(facts, engine=replace(facts.engine, pid=0, info=None))
    (step,) = plan("h", Host.of(stopped), (), Spec()).steps
    assert (step.title, step.params["enable"]) == (title, True)


def test_a_rootless_engine_is_named_with_its_file_and_left_alone():
    engines = OtherEngines(rootless=(Rootless(1000, "ops", "/home/ops/.config/docker/daemon.json"),))
    spec = Spec(registry_mirrors=["https://m.example"], install=False)
    with pytest.raises(UnsupportedError, match=r"of user ops, configured in /home/ops/") as refused:
        plan("h", Host.of(replace(BARE, other_engines=engines)), (), spec)
    assert "systemctl --user restart docker" in refused.value.hint
    beside = plan("h", Host.of(replace(RUNNING, other_engines=engines)), (), spec)
    assert beside.steps
    assert any("rootless engine of user ops runs as well" in warning for warning in beside.warnings)


def test_the_snaps_engine_gets_mirrors_in_its_own_file_and_nothing_else():
    config = "/var/snap/docker/current/config/daemon.json"
    engine = replace(RUNNING.engine, dockerd="/snap/docker/current/bin/dockerd", config_path=config)
    facts = replace(RUNNING, engine=engine, snap=True, packages={}, daemon_json=HostFile(config, "{}"))
    planned = plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://m.example"], install=False))
    assert [diff.path for diff in planned.diffs] == [config]
    assert (planned.init, planned.restart.how) == ("snap", "reload")
    assert "snap restart docker.dockerd" in apply_script(planned)
    with pytest.raises(UnsupportedError, match="as a snap"):
        plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://m.example"]))
