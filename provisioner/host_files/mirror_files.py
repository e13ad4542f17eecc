"""Files that name mirrors of registries: hosts.toml (dockerd 28+, containerd) and registries.yaml (k3s).

Read as far as mirrors go; what cannot be read has the parser's words as its problem.
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.tables import UnreadableError, document, strings, table
from provisioner.host_files.yaml_limits import refuse_what_takes_for_ever

DOCKER_HUB = "docker.io"
CONTAINERD_CERTS = "/etc/containerd/certs.d"
CONTAINERD_CONFIG = "/etc/containerd/config.toml"
PODMAN = "/etc/containers/registries.conf"
K3S = "/etc/rancher/k3s/registries.yaml"


@dataclass(frozen=True, slots=True)
class Mirrors:
    """The mirrors that one file gives one registry, in order.

    `problem`: why it cannot be read, or why nobody does. `instead`: what it says of the registry in place of mirrors.
    """

    path: str
    registry: str
    urls: tuple[str, ...] = ()
    problem: str = ""
    instead: str = ""


def hosts_toml(file: HostFile) -> Mirrors:
    """Return what a hosts.toml says; its directory names the registry."""
    path = file.asked or file.path
    registry = path.split("/")[-2]
    try:
        hosts = table(document(file), "host")
    except UnreadableError as error:
        return Mirrors(path, registry, problem=str(error))
    return Mirrors(path, registry, tuple(map(_bare, hosts)))


def k3s(file: HostFile) -> tuple[Mirrors, ...]:
    """Return the mirrors of every registry in registries.yaml."""
    import yaml

    path = file.asked or file.path
    try:
        refuse_what_takes_for_ever(file.text)
        mirrors = table(yaml.safe_load(file.text), "mirrors")
    except UnreadableError as error:
        return (Mirrors(path, DOCKER_HUB, problem=str(error)),)
    except RecursionError:
        return (Mirrors(path, DOCKER_HUB, problem="is nested too deep"),)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that is none
        return (Mirrors(path, DOCKER_HUB, problem=" ".join(str(error).split())),)
    return tuple(
        Mirrors(path, str(registry), tuple(map(_bare, strings(table(entry).get("endpoint")))))
        for registry, entry in mirrors.items()
    )


def _bare(url: str) -> str:
    return url.rstrip("/")
