"""plan_removal(facts, losses): take an engine away, decided without touching the host.

What an installation brought goes: packages, their source and key, holds, the service. Images, containers, volumes,
configuration files and the group stay, unless a purge was asked for: `losses` is what that destroys.
Files that no engine brought, and accounts' ~/.docker, always stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from provisioner.catalogue.packages import names
from provisioner.errors import UnsupportedError
from provisioner.facts.engine_origin import origin, way_to_a_package
from provisioner.facts.host import Host
from provisioner.facts.losses import Losses
from provisioner.facts.model import Facts
from provisioner.facts.record import REMOVED
from provisioner.plan.engine_steps import remove_docker_group, stop_engine
from provisioner.plan.model import Check, EngineProcess, Plan, Restart, Step
from provisioner.plan.package_steps import uninstall
from provisioner.plan.part import Part, joined, part
from provisioner.preflight.dependents import dependents, refuse_dependents
from provisioner.preflight.privilege import require_root
from provisioner.removal.data_deletion import data_step
from provisioner.removal.source_removal import other_sources, rpm_key_step, source_step

UNITS = ("docker.service", "docker.socket")
CONTAINERD_UNIT = "containerd.service"


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to go from one host: its `packages`, and with `losses` its data, which the step `data` deletes.

    `dependents` are packages of others that cannot stay without them, each with what it needs.
    """

    packages: tuple[str, ...]
    dependents: Mapping[str, str]
    losses: Losses | None
    data: Step | None

    @property
    def purges(self) -> bool:
        return self.losses is not None


def plan_removal(name: str, host: Host, losses: Losses | None = None, *, remove_dependents: bool = False) -> Plan:
    """Return the plan; empty when nothing of an engine is left. With `losses` its data goes as well.

    Raises:
        UnsupportedError: the engine is none that a package manager could remove.
        BlockedError: the data lies where nothing may be deleted, or packages of others would go without
            `remove_dependents`.
        PrivilegeError: something is to be done and the account cannot become root.
    """
    facts = host.facts
    packages = packages_to_remove(facts)
    _refuse_what_no_package_brought(facts, packages)
    needed_by = dependents(facts, packages, {})
    if not remove_dependents:
        refuse_dependents(needed_by, why=f"{', '.join(packages)} would be removed", otherwise="or keep the engine")
    removal = Removal(packages, needed_by, losses, data_step(facts, losses, packages) if losses else None)
    whole = joined(each(host, removal) for each in PARTS)
    if whole.steps:
        require_root(facts, "there is something to remove here")
    return Plan(
        name,
        host.slug,
        "removal",
        steps=whole.steps,
        warnings=tuple(_warnings(facts, losses)) if whole.steps else (),
        restart=whole.restart if whole.steps else Restart("none"),
        init=facts.service_manager,
        engine=EngineProcess.of(facts.engine),
        engine_version=REMOVED,
    )


def packages_to_remove(facts: Facts) -> tuple[str, ...]:
    """Return the packages of an engine that are installed here, whole or half.

    The containerd of a Kubernetes node is not only the engine's, so it stays.
    """
    there = {*facts.packages, *facts.half_configured}
    return tuple(
        name for name in _removable(facts) if name in there and not (name == "containerd.io" and _serves_others(facts))
    )


def removal_checks(facts: Facts, *, purged: bool) -> tuple[Check, ...]:
    """What must be so after a removal."""
    engine = facts.engine
    left = " ".join(packages_to_remove(facts))
    found = f"{engine.dockerd} is there" if engine.installed else f"pid {engine.pid} runs" if engine.running else "none"
    checks = [
        Check("no engine", not engine.installed and not engine.running, found),
        Check("no package of an engine", not left, left or "none"),
    ]
    if purged:
        config = engine.config_path if facts.daemon_json else ""
        checks.append(Check("no configuration", not config.startswith("/etc/docker/"), config or "none"))
    return tuple(checks)


def _serves_others(facts: Facts) -> bool:
    return facts.package_state.kubernetes_node


def _refuse_what_no_package_brought(facts: Facts, packages: tuple[str, ...]) -> None:
    if packages and not facts.engine.unpackaged:
        return
    if facts.snap:
        raise UnsupportedError(
            "Docker is a snap here, which the package manager knows nothing of",
            hint="snap remove docker; its images and volumes go with it",
        )
    if facts.engine.installed:
        raise UnsupportedError(
            f"the engine here is {origin(facts)}; it comes from no package that is known here",
            hint=f"remove it the way it was installed, then run this again for its data: {way_to_a_package(facts)}",
        )


def _removable(facts: Facts) -> tuple[str, ...]:
    family = "deb" if facts.package_manager == "apt" else "rpm"
    return names("docker-ce", "companion", "extension", "engine", family=family)


def stop(host: Host, removal: Removal) -> Part:
    """No engine runs any more, and no container."""
    facts, data = host.facts, removal.data
    if not facts.engine.running and not (removal.packages and facts.engine.installed) and data is None:
        return Part()
    places = [place["path"] for place in data.params["places"]] if data else []
    if not facts.engine.running:
        return part(stop_engine("make sure that no engine runs", below=places))
    count = host.containers_running
    what = f" and its {count} running container{'s' if count != 1 else ''}" if count else ""
    restart = Restart("stop", "the engine is removed", count)
    return part(stop_engine(f"stop the engine{what}", below=places), restart=restart)


def packages(host: Host, removal: Removal) -> Part:
    """The engine's packages, and with a purge the configuration files that packages leave."""
    facts, going, purges = host.facts, removal.packages, removal.purges
    apt = facts.package_manager == "apt"
    leftover = tuple(name for name in facts.leftover_configuration if name in _removable(facts))
    configured = (*going, *leftover) if purges and apt else ()
    if not going and not configured:
        return Part()
    needed_elsewhere = {"containerd", "runc"} if _serves_others(facts) else set()
    spare = (
        tuple(name for name in names("spare") if name not in needed_elsewhere) if apt and "docker.io" in going else ()
    )
    containerd = (CONTAINERD_UNIT,) if "containerd.io" in going else ()
    everything = (*going, *removal.dependents)
    why = "images, containers, volumes and configuration stay"
    if purges:
        why = "with their configuration files" if apt else "their data goes in the next step"
    if spare:
        why += f"; {', '.join(spare)} go too unless something else needs them"
    why += "".join(f"; {name} needs {what}" for name, what in removal.dependents.items())
    step = uninstall(
        f"remove {' '.join(everything)}" if going else f"remove the configuration files of {' '.join(leftover)}",
        why,
        everything,
        manager=facts.package_manager,
        held=[name for name in everything if name in facts.held],
        spare=spare,
        purge=configured,
        disable=(*UNITS, *containerd),
        units=(*UNITS, *(containerd or ((CONTAINERD_UNIT,) if spare else ()))),
    )
    return part(step)


def data(host: Host, removal: Removal) -> Part:
    """Images, containers, volumes, and the configuration."""
    del host
    return part(removal.data)


def source(host: Host, removal: Removal) -> Part:
    """The package source and its keys."""
    del removal
    return part(source_step(host.facts), rpm_key_step(host.facts))


def group(host: Host, removal: Removal) -> Part:
    """The group docker, unless it is somebody's primary one."""
    facts, losses = host.facts, removal.losses
    if losses is None or facts.docker_group is None or losses.members or facts.snap:
        return Part()
    return part(remove_docker_group(f"its members: {', '.join(facts.docker_group) or 'nobody'}"))


PARTS: tuple[Callable[[Host, Removal], Part], ...] = (stop, packages, data, source, group)


def _warnings(facts: Facts, losses: Losses | None) -> Iterator[str]:
    others = other_sources(facts)
    if others:
        yield f"{', '.join(others)} name a source of docker-ce as well, and stay"
    if _serves_others(facts) and "containerd.io" in facts.packages:
        yield "this is a Kubernetes node: containerd.io and /var/lib/containerd stay, its kubelet runs on them"
    if facts.snap:
        yield "Docker is also here as a snap, which stays: snap remove docker"
    if losses and losses.members:
        yield f"the group docker stays: it is the primary group of {', '.join(losses.members)}"
    if losses and losses.other_namespaces:
        yield f"/var/lib/containerd stays: it holds data of {', '.join(losses.other_namespaces)}, which is not Docker's"
