"""Packages that an installed engine cannot do without and has lost: its client, its containerd."""

from __future__ import annotations

from provisioner.catalogue.daemon_keys import release
from provisioner.catalogue.packages import clients
from provisioner.facts.host import Host
from provisioner.plan.model import Step
from provisioner.plan.package_steps import apt_install, rpm_install
from provisioner.strategies.docker_ce import PACKAGE
from provisioner.wanted.spec import Spec

CONTAINERD_APART = (18, 9, 0)
"""Engines before it bring a containerd of their own."""


def missing_packages(host: Host) -> tuple[str, ...]:
    """Return the packages that the engine of this host lacks, where their programs are not there either."""
    facts = host.facts
    brought = facts.engine.package
    if not brought:
        return ()
    wanted = []
    if not facts.engine.client:
        wanted.append("docker-ce-cli" if brought == PACKAGE else _own_client(host))
    apart = (release(host.engine_version) or CONTAINERD_APART) >= CONTAINERD_APART
    if apart and "containerd" not in facts.other_engines.names:
        wanted.append("containerd.io" if brought == PACKAGE else "containerd")
    return tuple(name for name in wanted if name and name not in facts.packages)


def missing_packages_step(host: Host, spec: Spec) -> Step | None:
    """Return the step that installs them, at the version of the engine that is there."""
    missing = missing_packages(host)
    if not missing:
        return None
    facts = host.facts
    version = facts.packages.get(PACKAGE, "")
    title, why = f"install {' '.join(missing)}", "the engine that is installed cannot do without"
    held = facts.held & {*missing}
    if facts.package_manager == "apt":
        names = [f"{name}={version}" if name == "docker-ce-cli" and version else name for name in missing]
        refresh = spec.update or not facts.package_lists
        return apt_install(title, why, names, held=held, refresh="all" if refresh else "")
    names = [
        f"{name}-{version.rpartition(':')[2]}" if name == "docker-ce-cli" and version else name for name in missing
    ]
    return rpm_install("packages", title, why, names, manager=facts.package_manager, held=held)


def _own_client(host: Host) -> str:
    """The package of the distribution that brings the client, where that is one of its own; else ""."""
    own = host.platform.distro_packages if host.platform else ()
    return next((name for name in own[1:] if name in clients()), "")
