"""Hosts as facts, for tests of the planner."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from provisioner.catalogue.platforms import Suite
from provisioner.facts.model import Engine, EngineInfo, Facts, Login, OperatingSystem
from provisioner.facts.os_release import operating_system
from provisioner.host_files.systemd_unit import Unit
from provisioner.sources.reach import Source, SourceReach, SuiteFiles

SAMPLES = Path(__file__).parent / "facts" / "platforms"
"""os-release files, the lines of them that identify a release, as it ships them."""

BARE = Facts(
    os=OperatingSystem(id="ubuntu", version_id="24.04", name="Ubuntu 24.04", codename="noble"),
    arch="x86_64",
    package_arch="amd64",
    kernel="6.8.0-31-generic",
    init="systemd",
    hostname="web01",
    login=Login(name="root", uid=0, groups=("root",), sudo="root"),
    package_manager="apt",
    packages={},
    engine=Engine(),
    ca_certificates=True,
)
INFO = EngineInfo(
    version="26.1.5",
    mirrors=(),
    insecure_registries=(),
    containers_running=0,
    live_restore=False,
    storage_driver="overlay2",
    containerd_store=False,
    data_root="/var/lib/docker",
    debug=False,
)
RUNNING = replace(
    BARE,
    packages={"docker-ce": "5:26.1.5-1~ubuntu.24.04~noble"},
    engine=Engine(dockerd="/usr/bin/dockerd", client="/usr/bin/docker", client_version="26.1.5", pid=99, info=INFO),
    units={"docker.service": Unit("docker.service", "loaded", "active", "enabled")},
)


def answering(
    name, key, versions, *, seconds=0.1, fingerprint="0" * 40, suites=("ubuntu/noble",), suite_index=0, **more
):
    base = f"http://{name}.example"
    files = tuple(
        SuiteFiles(Suite(*suite.split("/")), f"{base}/{suite}/InRelease", f"{base}/gpg", "stable/binary-amd64/Packages")
        for suite in suites
    )
    offered = {"docker-ce": versions, "docker-ce-cli": versions, "containerd.io": ("1.7.27-1", "2.1.5-1")}
    source = Source(name, base, fingerprint, files)
    return SourceReach(source, seconds=seconds, key=key, versions=offered, suite_index=suite_index, **more)


def sample(name):
    return operating_system({"os-release": (SAMPLES / f"{name}.os-release").read_text(encoding="utf-8")})
