"""The distribution's own engine: docker.io on Debian and Ubuntu, moby-engine on Fedora, docker on Amazon Linux, ..."""

from __future__ import annotations

from provisioner.catalogue.platforms import Platform
from provisioner.facts.model import Facts
from provisioner.plan.model import Step
from provisioner.sources.reach import SourceReach
from provisioner.strategies.decision import LOCK_TIMEOUT, Accept, Reject
from provisioner.strategies.system_update import system_update
from provisioner.wanted.spec import Spec

NAME = "distro-packages"


def consider(facts: Facts, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    del reach
    if facts.package_manager == "none" or not platform.distro_packages:
        return Reject(f"{platform.name} packages no Docker Engine of its own")
    if spec.source != "auto" and spec.strategy == "auto":
        return Reject(f"the package source {spec.source} was asked for")
    return Accept(why="the distribution's own package")


def steps(facts: Facts, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    version = "" if spec.version in {None, "latest"} else str(spec.version)
    make = _apt if platform.family == "deb" else _rpm
    return tuple(step for step in (system_update(facts, spec), make(facts, platform, accept, spec, version)) if step)


def _apt(facts: Facts, platform: Platform, accept: Accept, spec: Spec, version: str) -> Step:
    extra = [
        *([] if facts.ca_certificates else ["ca-certificates"]),
        *(["apparmor"] if facts.apparmor and "apparmor" not in facts.packages else []),
        *(["cgroupfs-mount"] if facts.init in {"sysvinit", "upstart"} and not facts.cgroup else []),
    ]
    packages = [*platform.distro_packages, *extra]
    return Step(
        "packages",
        "install " + " ".join(packages) + (f" ({version})" if version else ""),
        accept.why,
        "+",
        "apt_install",
        {
            "packages": packages,
            "held": sorted(facts.held & set(packages)),
            "refresh": "all" if spec.update or not facts.package_lists else "",
            "source_file": "",
            "version_prefix": version,
            "flags": ["--allow-downgrades"] if version and not platform.apt else [],
            "lock_timeout": LOCK_TIMEOUT,
        },
    )


def _rpm(facts: Facts, platform: Platform, accept: Accept, spec: Spec, version: str) -> Step:
    del spec
    first, *others = platform.distro_packages
    packages = [f"{first}-{version}-*" if version.count(".") == 2 else f"{first}-{version}.*" if version else first]
    packages += [*others, *(["ca-certificates"] if not facts.ca_certificates else [])]
    return Step(
        "packages",
        "install " + " ".join(packages),
        accept.why,
        "+",
        "rpm_install",
        {
            "packages": packages,
            "downgrade": [],
            "exact": [],
            "held": sorted(facts.held & set(platform.distro_packages)),
            "manager": facts.package_manager,
            "key_file": "",
            "key_id": "",
            "extras": platform.extras,
            "lock_timeout": LOCK_TIMEOUT,
        },
    )
