"""The distribution's own package: docker.io on Debian and Ubuntu."""

from __future__ import annotations

from provisioner.facts.model import Facts
from provisioner.planning.model import Step
from provisioner.reach import SourceReach
from provisioner.spec import Spec
from provisioner.strategies.decision import LOCK_TIMEOUT, Accept, Reject
from provisioner.tables import Platform

NAME = "distro-packages"
PACKAGE = "docker.io"


def consider(facts: Facts, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    del reach
    if facts.package_manager != "apt" or not platform.distro_packages:
        return Reject(f"{platform.name} packages no Docker Engine of its own")
    if spec.source != "auto" and spec.strategy == "auto":
        return Reject(f"the package source {spec.source} was asked for")
    return Accept(why="the distribution's own package")


def steps(facts: Facts, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    version = "" if spec.version in {None, "latest"} else str(spec.version)
    extra = [
        *([] if facts.ca_certificates else ["ca-certificates"]),
        *(["apparmor"] if facts.apparmor and "apparmor" not in facts.packages else []),
        *(["cgroupfs-mount"] if facts.init in {"sysvinit", "upstart"} and not facts.cgroup else []),
    ]
    packages = [*platform.distro_packages, *extra]
    return (
        Step(
            "packages",
            "install " + " ".join(packages) + (f" ({version})" if version else ""),
            accept.why,
            "+",
            "apt_install",
            {
                "packages": packages,
                "refresh": "all",
                "source_file": "",
                "version_prefix": version,
                "flags": [],
                "lock_timeout": LOCK_TIMEOUT,
            },
        ),
    )
