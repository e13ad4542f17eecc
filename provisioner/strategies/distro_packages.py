"""The distribution's own engine: docker.io on Debian and Ubuntu, moby-engine on Fedora, docker on Amazon Linux, ..."""

from __future__ import annotations

from provisioner.catalogue.platforms import Platform
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.plan.model import Step
from provisioner.plan.package_steps import apt_install, rpm_install
from provisioner.sources.reach import SourceReach
from provisioner.strategies import docker_ce
from provisioner.strategies.strategy import Accept, Questions, Reject
from provisioner.wanted.spec import Spec


def questions(host: Host, platform: Platform, spec: Spec) -> Questions:
    del host, platform, spec
    return Questions()


def installed(host: Host) -> str:
    own = host.platform.distro_packages if host.platform and docker_ce.PACKAGE not in host.facts.packages else ()
    return next((name for name in own if name in host.facts.packages), "")


def consider(host: Host, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    del reach
    if host.facts.package_manager == "none" or not platform.distro_packages:
        return Reject(f"{platform.name} packages no Docker Engine of its own")
    if spec.source != "auto" and spec.strategy == "auto":
        return Reject(f"the package source {spec.source} was asked for")
    return Accept(why="the distribution's own package")


def steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    version = "" if spec.version in {None, "latest"} else str(spec.version)
    make = _apt if platform.family == "deb" else _rpm
    planned = [docker_ce.system_update(host.facts, spec), make(host.facts, platform, accept, spec, version)]
    return tuple(step for step in planned if step)


def source_steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step | None, ...]:
    del host, platform, accept, spec
    return ()


def _apt(facts: Facts, platform: Platform, accept: Accept, spec: Spec, version: str) -> Step:
    extra = [
        *([] if facts.ca_certificates else ["ca-certificates"]),
        *(["apparmor"] if facts.apparmor and "apparmor" not in facts.packages else []),
        *(["cgroupfs-mount"] if facts.init in {"sysvinit", "upstart"} and not facts.cgroup else []),
    ]
    packages = [*platform.distro_packages, *extra]
    return apt_install(
        "install " + " ".join(packages) + (f" ({version})" if version else ""),
        accept.why,
        packages,
        held=facts.held & set(packages),
        refresh="all" if spec.update or not facts.package_lists else "",
        version_prefix=version,
        downgrades=bool(version) and not platform.apt,
    )


def _rpm(facts: Facts, platform: Platform, accept: Accept, spec: Spec, version: str) -> Step:
    del spec
    first, *others = platform.distro_packages
    packages = [f"{first}-{version}-*" if version.count(".") == 2 else f"{first}-{version}.*" if version else first]
    packages += [*others, *(["ca-certificates"] if not facts.ca_certificates else [])]
    return rpm_install(
        "packages",
        "install " + " ".join(packages),
        accept.why,
        packages,
        manager=facts.package_manager,
        held=facts.held & set(platform.distro_packages),
        doubled=facts.half_configured,
        guard=not facts.engine.running,
        extras=platform.extras,
    )
