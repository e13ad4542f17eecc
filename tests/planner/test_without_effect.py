"""No wish is dropped in silence: every field of the wanted state, every strategy, every kind of engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.checks.drift import status_checks
from provisioner.errors import ProvisionerError
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.planner.planner import plan
from provisioner.report.plans import plans_text
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING
from tests.offered import good, script

SOURCE = HostFile(
    "/etc/apt/sources.list.d/docker.sources",
    "Types: deb\nURIs: http://official.example/linux/ubuntu\nSuites: noble\nComponents: stable\nSigned-By: /etc/k.asc\n",
)
CE = "5:28.3.1-1~ubuntu.24.04~noble"


def engine(version, package, packages, **more):
    found = replace(RUNNING.engine, info=replace(INFO, version=version), package=package, **more)
    return replace(RUNNING, packages=packages, engine=found)


ENGINES = {
    "absent": BARE,
    "distribution's": engine("26.1.3", "docker.io", {"docker.io": "26.1.3-0ubuntu1", "containerd": "1.7"}),
    "docker-ce": replace(
        engine("28.3.1", "docker-ce", {"docker-ce": CE, "docker-ce-cli": CE, "containerd.io": "1.7.27-1"}),
        source_files=(SOURCE,),
    ),
    "static": engine("26.1.5", "", {}, dockerd="/usr/local/bin/dockerd", client="/usr/local/bin/docker"),
}
STRATEGIES = ("auto", "apt-repo", "distro-packages", "convenience-script")
WISHES = {
    "version": {"version": "latest"},
    "a version": {"version": "28.3.10"},
    "an old version": {"version": "20.10"},
    "channel": {"channel": "test"},
    "source": {"source": "aliyun"},
    "source_fingerprint": {"source": "https://in.house.example/docker-ce", "source_fingerprint": "A" * 40},
    "script_url": {"script_url": "https://x.example/install.sh"},
    "script_sha256": {"script_sha256": "a" * 64},
    "registry_mirrors": {"registry_mirrors": ["https://m.example"]},
    "other_registry_mirrors": {"other_registry_mirrors": {"ghcr.io": ["https://m.example"]}},
    "mirror_ca": {
        "registry_mirrors": ["https://m.example"],
        "mirror_ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    },
    "also": {"also": ["containerd"], "registry_mirrors": ["https://m.example"]},
    "insecure_registries": {"insecure_registries": ["10.0.0.0/8"]},
    "daemon": {"daemon": {"debug": True}},
    "storage": {"storage": {"driver": "devicemapper", "direct_lvm_device": "/dev/vdz"}},
    "users": {"users": ["ops"]},
    "system_update": {"system_update": True},
    "hold": {"hold": True},
    "mirror_change": {"mirror_change": {"add": ["https://m.example"]}},
    "strategy": {},
}
"""Fields of the wanted state -> something that no host of these has yet."""
NEVER_A_CHANGE = {
    "update": "what is not refreshed changes nothing",
    "install": "tells which command this is",
    "take_over": "lets other wishes do more",
    "remove_dependents": "lets other wishes do more",
}


def shown(host, **said):
    """What the plan says, or why there is none."""
    reach = (*(() if "source" in said else (good("official"),)), good("aliyun"), *script())
    try:
        return plans_text([plan("h", Host.of(host), reach, Spec(**said))])
    except ProvisionerError as refused:
        return f"refused: {refused.message}"


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", ENGINES)
def test_a_wish_shows(kind, strategy, wish):
    host, fields = ENGINES[kind], WISHES[wish]
    without, asked = shown(host, strategy=strategy), shown(host, strategy=strategy, **fields)
    if asked == without and not asked.startswith("refused"):
        newest = wish == "version" and "nothing to do" not in asked  # what is installed is the newest anyway
        assert wish == "strategy" or newest, asked


def test_every_field_is_wished_for():
    assert {*WISHES, *NEVER_A_CHANGE} - {"a version", "an old version"} == {*Spec.model_fields}


@pytest.mark.parametrize("fields", [{"source": "http://official.example"}, {"channel": "stable"}], ids=list)
def test_a_source_that_is_as_wanted_is_no_news(fields):
    shown_now = shown(ENGINES["docker-ce"], **fields)
    assert "nothing to do" in shown_now
    assert "warning" not in shown_now


def test_a_changed_package_source_is_drift_and_applied():
    planned = plan("h", Host.of(ENGINES["docker-ce"]), (good("aliyun"),), Spec(source="aliyun"))
    assert [step.id for step in planned.steps] == ["source"]
    checks = status_checks("h", Host.of(ENGINES["docker-ce"]), Spec(source="aliyun"))
    assert [check.name for check in checks if not check.passed] == ["package source"]
