"""Files of other engines that name mirrors: hosts.toml (dockerd 28+, containerd), registries.conf, registries.yaml.

Read as far as mirrors go. What cannot be read raises ValueError with the parser's words; nothing here guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.catalogue.rows import toml
from provisioner.host_files.host_file import HostFile

DOCKER_HUB = "docker.io"
CONTAINERD = "/etc/containerd/certs.d"
CONTAINERD_CONFIG = "/etc/containerd/config.toml"
PODMAN = "/etc/containers/registries.conf"
K3S = "/etc/rancher/k3s/registries.yaml"


@dataclass(frozen=True, slots=True)
class Mirrors:
    """The mirrors that one file gives one registry, in order. `problem`: why it cannot be read."""

    path: str
    registry: str
    urls: tuple[str, ...] = ()
    problem: str = ""


def hosts_toml(file: HostFile) -> Mirrors:
    """Return what a hosts.toml says; its directory names the registry."""
    path = file.asked or file.path
    registry = path.split("/")[-2]
    try:
        document = toml(file.text)
    except ValueError as error:
        return Mirrors(path, registry, problem=str(error))
    return Mirrors(path, registry, tuple(_bare(url) for url in _mapping(document.get("host"))))


def podman(files: Iterable[HostFile]) -> tuple[Mirrors, ...]:
    """Return the mirrors of every registry in registries.conf and its drop-ins."""
    found = []
    for file in files:
        path = file.asked or file.path
        try:
            tables = toml(file.text).get("registry") or ()
        except ValueError as error:
            found.append(Mirrors(path, DOCKER_HUB, problem=str(error)))
            continue
        for table in tables:
            registry = str(table.get("prefix") or table.get("location") or "")
            mirrors = tuple(_podman_url(mirror) for mirror in table.get("mirror") or () if mirror.get("location"))
            if mirrors:
                found.append(Mirrors(path, registry, mirrors))
    return tuple(found)


def k3s(file: HostFile) -> tuple[Mirrors, ...]:
    """Return the mirrors of every registry in registries.yaml."""
    import yaml

    path = file.asked or file.path
    try:
        document = yaml.safe_load(file.text)
    except yaml.YAMLError as error:
        return (Mirrors(path, DOCKER_HUB, problem=" ".join(str(error).split())),)
    return tuple(
        Mirrors(path, str(registry), tuple(_bare(str(url)) for url in _mapping(entry).get("endpoint") or ()))
        for registry, entry in _mapping(_mapping(document).get("mirrors")).items()
    )


def _podman_url(mirror: Mapping[str, Any]) -> str:
    return f"{'http' if mirror.get('insecure') else 'https'}://{_bare(str(mirror['location']))}"


def _bare(url: str) -> str:
    return url.rstrip("/")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
