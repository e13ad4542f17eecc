"""The facts of a host are interpreted once, however many parts of a plan look at them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from provisioner.facts import host as host_module
from provisioner.facts.host import Host
from provisioner.host_files import daemon_json, systemd_unit
from provisioner.host_files.host_file import HostFile
from provisioner.planner.planner import plan, questions
from provisioner.wanted.spec import Spec
from tests.hosts import BARE
from tests.offered import good
from tests.options_of_dockerd import ENV, LIB, drop_in
from tests.options_of_dockerd import host as with_unit

UNIT = HostFile(LIB, f"[Service]\n{ENV}ExecStart=/usr/bin/dockerd -H fd:// $DOCKER_OPTS\n")
FILE = HostFile("/etc/docker/daemon.json", '{"debug": true, "labels": ["a=b"], "registry-mirrors": ["https://old"]}')
ENGINE = replace(
    with_unit(
        UNIT, drop_in("ExecStart=dockerd --dns 192.0.2.53\n"), options='DOCKER_OPTS="--icc"\n', mirrors=("https://old",)
    ),
    daemon_json=FILE,
)
MIRRORS = {"registry_mirrors": ["https://one", "https://two"]}
CASES = [
    pytest.param(ENGINE, Spec(**MIRRORS, insecure_registries=["r:5000"], install=False), (), id="mirrors"),
    pytest.param(ENGINE, Spec(mirror_change={"add": ["https://two"]}, install=False), (), id="one more mirror"),
    pytest.param(ENGINE, Spec(**MIRRORS, users=["ops"], hold=True), (), id="everything"),
    pytest.param(ENGINE, Spec(**MIRRORS, version="29"), (good("official"),), id="an upgrade"),
    pytest.param(replace(BARE, daemon_json=FILE), Spec(**MIRRORS), (good("official"),), id="an installation"),
]


@pytest.fixture
def counted(monkeypatch):
    """How often each interpreter has been called, and with which text."""
    calls = Counter()

    def count(module, name):
        original = getattr(module, name)

        def counting(*arguments, **options):
            calls[name] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(module, name, counting)

    count(daemon_json, "read")
    count(host_module, "platform_of")
    count(systemd_unit, "_assignments")
    return calls


@pytest.mark.parametrize(("facts", "spec", "reach"), CASES)
def test_a_planning_interprets_each_fact_once(counted, facts, spec, reach):
    host = Host.of(facts)
    questions(host, spec)
    plan("h", host, reach, spec)
    assert counted["read"] == 1
    assert counted["platform_of"] == 1
    assert counted["_assignments"] == len(facts.units)
