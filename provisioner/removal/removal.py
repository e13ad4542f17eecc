"""plan_removal(facts, losses): take an engine away, decided without touching the host.

What an installation brought goes: packages, their source and key, holds, the service. Images, containers, volumes,
configuration files and the group stay, unless a purge was asked for: `losses` is what that destroys.
Not touched in any case: files that were not there because of an engine, and accounts' ~/.docker.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.errors import UnsupportedError
from provisioner.facts.losses import Losses
from provisioner.facts.model import Facts
from provisioner.facts.platform import platform_of
from provisioner.plan.model import Check, Plan, Restart, Step
from provisioner.preflight.privilege import require_root
from provisioner.removal.data_deletion import data_step
from provisioner.removal.source_removal import other_sources, rpm_key_step, source_step
from provisioner.strategies.decision import LOCK_TIMEOUT

DOCKER_CE = (
    "docker-ce", "docker-ce-cli", "docker-ce-rootless-extras", "docker-buildx-plugin", "docker-compose-plugin",
    "docker-model-plugin", "docker-scan-plugin", "containerd.io",
)  # fmt: skip
OTHER_ENGINES = (
    "docker.io", "docker-cli", "docker-buildx", "docker-compose-v2", "docker-doc", "moby-engine", "moby-cli", "moby",
    "docker-engine", "docker-client", "docker-client-latest", "docker-common", "docker-latest",
    "docker-latest-logrotate", "docker-logrotate", "docker-engine-selinux", "docker-selinux", "docker-ee",
    "docker-io", "lxc-docker",
)  # fmt: skip
RPM_ENGINES = ("docker",)
"""On Debian and Ubuntu the package of this name is a window manager's tray."""

SPARE = ("containerd", "runc", "tini")
"""What docker.io needs; they go with it when nothing else needs them."""

UNITS = ("docker.service", "docker.socket")
CONTAINERD_UNIT = "containerd.service"


def plan_removal(host: str, facts: Facts, losses: Losses | None = None) -> Plan:
    """Return the plan; empty when nothing of an engine is left. With `losses` its data goes as well.

    Raises:
        UnsupportedError: the engine is none that a package manager could remove.
        BlockedError: the data lies where nothing may be deleted.
        PrivilegeError: something is to be done and the account cannot become root.
    """
    packages = packages_to_remove(facts)
    _refuse_what_no_package_brought(facts, packages)
    data = data_step(facts, losses, packages) if losses else None
    steps = [
        _stop(facts, packages, data),
        _uninstall(facts, packages, purge=losses is not None),
        data,
        source_step(facts),
        rpm_key_step(facts),
        _group(facts, losses),
    ]
    planned = tuple(step for step in steps if step)
    if planned:
        require_root(facts, "there is something to remove here")
    match = platform_of(facts.os, facts.package_manager)
    info = facts.engine.info
    stop = Restart("stop", "the engine is removed", info.containers_running if info else 0)
    return Plan(
        host,
        match.platform.slug if match else facts.os.id,
        "removal",
        steps=planned,
        warnings=tuple(_warnings(facts, losses)) if planned else (),
        restart=stop if facts.engine.running and planned else Restart("none"),
        init=facts.service_manager,
    )


def packages_to_remove(facts: Facts) -> tuple[str, ...]:
    """Return the packages of an engine that are installed here, whole or half.

    The containerd of a Kubernetes node is not only the engine's, so it stays.
    """
    known = (*DOCKER_CE, *OTHER_ENGINES, *(RPM_ENGINES if facts.package_manager != "apt" else ()))
    there = {*facts.packages, *facts.half_configured}
    return tuple(name for name in known if name in there and not (name == "containerd.io" and _serves_others(facts)))


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
    if packages:
        return
    if facts.snap:
        raise UnsupportedError(
            "Docker is a snap here, which the package manager knows nothing of",
            hint="snap remove docker; its images and volumes go with it",
        )
    if facts.engine.installed:
        raise UnsupportedError(
            f"the engine {facts.engine.dockerd} comes from no package that is known here",
            hint="remove it the way it was installed, then run this again for its data",
        )


def _stop(facts: Facts, packages: tuple[str, ...], data: Step | None) -> Step | None:
    if not facts.engine.running and not (packages and facts.engine.installed) and data is None:
        return None
    info = facts.engine.info
    count = info.containers_running if info else 0
    what = f" and its {count} running container{'s' if count != 1 else ''}" if count else ""
    places = [place["path"] for place in data.params["places"]] if data else []
    why = "socket and service together, so that no client wakes it up again"
    if not facts.engine.running:
        return Step("stop", "make sure that no engine runs", why, "!", "stop_engine", _stopping(places))
    return Step("stop", f"stop the engine{what}", why, "!", "stop_engine", _stopping(places))


def _stopping(places: list[str]) -> dict[str, object]:
    return {"data": places, "lock_timeout": LOCK_TIMEOUT}


def _uninstall(facts: Facts, packages: tuple[str, ...], *, purge: bool) -> Step | None:
    apt = facts.package_manager == "apt"
    leftover = tuple(name for name in facts.leftover_configuration if name in {*DOCKER_CE, *OTHER_ENGINES})
    configured = (*packages, *leftover) if purge and apt else ()
    if not packages and not configured:
        return None
    spare = tuple(
        name for name in SPARE if apt and "docker.io" in packages and not (name != "tini" and _serves_others(facts))
    )
    why = "images, containers, volumes and configuration stay"
    if purge:
        why = "with their configuration files" if apt else "their data goes in the next step"
    if spare and packages:
        why += f"; {', '.join(spare)} go too unless something else needs them"
    return Step(
        "packages",
        f"remove {' '.join(packages)}" if packages else f"remove the configuration files of {' '.join(leftover)}",
        why,
        "-",
        "apt_uninstall" if apt else "rpm_uninstall",
        {
            "packages": packages,
            "held": [name for name in packages if name in facts.held],
            "spare": spare if packages else (),
            "purge": configured,
            "disable": (*UNITS, *((CONTAINERD_UNIT,) if "containerd.io" in packages else ())),
            "units": (*UNITS, *((CONTAINERD_UNIT,) if "containerd.io" in packages or spare else ())),
            "manager": facts.package_manager,
            "lock_timeout": LOCK_TIMEOUT,
        },
    )


def _group(facts: Facts, losses: Losses | None) -> Step | None:
    if losses is None or facts.docker_group is None or losses.members or facts.snap:
        return None
    members = ", ".join(facts.docker_group) or "nobody"
    return Step("group", "remove the group docker", f"its members: {members}", "-", "remove_group")


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
