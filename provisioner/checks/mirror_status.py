"""What a host says of its registry mirrors: the files, the engine, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from provisioner.errors import DaemonConfigurationError
from provisioner.facts.configured_mirrors import KEY, Configured, configured
from provisioner.facts.containerd import containerd_of
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.facts.normal_form import same
from provisioner.host_files.mirror_files import (
    CONTAINERD_CERTS,
    CONTAINERD_CONFIG,
    DOCKER_HUB,
    K3S,
    PODMAN,
    Mirrors,
    hosts_toml,
    k3s,
)
from provisioner.host_files.podman_registries import podman


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """`shown` is None when no engine answers. `problems` are why pulls may not go where the configuration says."""

    version: str
    configured: Configured
    shown: tuple[str, ...] | None
    flags: tuple[str, ...] = ()
    registries: tuple[Mirrors, ...] = ()
    others: dict[str, tuple[Mirrors, ...]] = field(default_factory=dict)
    rootless: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return not self.problems

    def document(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "docker_version": self.version or None,
            "configured": {"mirrors": list(self.configured.urls), "by": self.configured.by or None},
            "engine": None if self.shown is None else list(self.shown),
            "flags": list(self.flags),
            "registries": [_row(row) for row in self.registries],
            "other_engines": {name: [_row(row) for row in rows] for name, rows in self.others.items()},
            "rootless": list(self.rootless),
            "problems": list(self.problems),
        }


def mirror_status(host: Host) -> MirrorStatus:
    """Return what the host says; a configuration that cannot be read is a problem, no error."""
    facts, info = host.facts, host.info
    shown = info.mirrors if info else None
    problems = []
    try:
        by = configured(host)
    except DaemonConfigurationError as error:
        by = Configured((), "")
        problems.append(error.consequence)
    places = [place for place in host.flag_places(KEY) if place.file]
    flags = tuple(f"{place.where} gives {place.flag} {' '.join(place.values)}".rstrip() for place in places)
    if not problems:
        problems += _conflicts(host, flags)
        problems += _not_taken_up(host, by)
    problems += overridden(host)
    return MirrorStatus(
        info.version if info else "",
        by,
        shown,
        flags,
        host.registries,
        of_others(facts),
        tuple(f"{engine.user}: {engine.config}" for engine in facts.other_engines.rootless),
        tuple(problems),
    )


def overridden(host: Host) -> list[str]:
    """Return a sentence for each hosts.toml that makes the engine ignore registry-mirrors, which it shows all the same.

    dockerd 28+ with the containerd image store, and only with two or more endpoints for docker.io.
    """
    info = host.info
    if info is None or not info.containerd_store or int(info.version.partition(".")[0] or 0) < 28:
        return []
    row = host.docker_hub_hosts
    if row is None:
        return []
    return [f"{row.path} sends pulls from Docker Hub to {', '.join(row.urls)}, whatever registry-mirrors says"]


def of_others(facts: Facts) -> dict[str, tuple[Mirrors, ...]]:
    """Return what the other engines on the host use, by engine; those without mirrors have an empty tuple.

    containerd is left out without any, since every Docker brings one that pulls nothing by itself.
    """
    others = facts.other_engines
    found = {
        "containerd": tuple(_containerd(facts)),
        "podman": podman(file for file in others.files if (file.asked or file.path).startswith(PODMAN)),
        "k3s": tuple(row for file in others.files if (file.asked or file.path) == K3S for row in k3s(file)),
    }
    return {name: rows for name, rows in found.items() if rows or (name in others.names and name != "containerd")}


def _containerd(facts: Facts) -> Iterator[Mirrors]:
    """Mirrors in config.toml itself, and those of hosts.toml files with the reason where CRI does not read them."""
    config = containerd_of(facts)
    if config.problem:
        yield Mirrors(CONTAINERD_CONFIG, DOCKER_HUB, problem=config.problem)
    clash = "CRI does not start: config_path stands beside it" if config.clash else ""
    yield from (replace(row, problem=clash) for row in config.inline)
    unread = "containerd does not read it: "
    if config.cri_off:
        unread += f"{CONTAINERD_CONFIG} switches CRI off"
    elif config.inline or config.inline_tls:
        unread += f"{CONTAINERD_CONFIG} has mirrors or certificates of its own"
    else:
        unread += f"no config_path names {CONTAINERD_CERTS}"
    for file in facts.other_engines.files:
        if (file.asked or file.path).startswith(f"{CONTAINERD_CERTS}/"):
            row = hosts_toml(file)
            yield replace(row, problem=unread) if config.reads_hosts is False and not row.problem else row


def _conflicts(host: Host, flags: tuple[str, ...]) -> list[str]:
    if not flags or KEY not in host.daemon_json.values:
        return []
    certain = "will fail" if not host.flags.doubt else f"may fail; how it goes cannot be told ({host.flags.doubt})"
    return [
        f"{flags[0]}, and {host.facts.engine.config_path} has {KEY} as well: the next start of the engine {certain}"
    ]


def _not_taken_up(host: Host, by: Configured) -> list[str]:
    info = host.info
    if info is None:
        return []
    if by.by == "the engine":
        if host.flags.doubt:
            return [f"the engine has mirrors that no file names; {host.flags.doubt}"]
        return ["the engine has mirrors that no file names; its next start will be without them"]
    if same(KEY, list(info.mirrors), list(by.urls)):
        return []
    shown = " ".join(info.mirrors) or "none"
    return [f"{by.by} says {' '.join(by.urls) or 'none'}, and the engine has {shown}: it was not reloaded"]


def _row(row: Mirrors) -> dict[str, Any]:
    return {
        "path": row.path,
        "registry": row.registry,
        "mirrors": list(row.urls),
        "problem": row.problem or None,
        "instead": row.instead or None,
    }
