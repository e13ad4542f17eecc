"""Losses: what deleting an engine's data would destroy, as the host tells it before anybody agrees to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.host_files.lines import lines


@dataclass(frozen=True, slots=True)
class Losses:
    """`target` is where the data root leads, "" when there is none; `entries` are the names in it. The other targets
    are where /var/lib/containerd and /etc/docker lead, and /var/lib/docker where it is not the data root, "" when they
    are not there or empty.

    Containers come as "name (state)" where the engine answers, else by the start of their id. Sizes are in bytes, 0
    when they could not be told in time. `other_namespaces` of containerd hold what is not Docker's. `members` have
    the group docker as their primary one.
    """

    data_root: str
    target: str = ""
    entries: tuple[str, ...] = ()
    mount_point: bool = False
    size: int = 0
    earlier_target: str = ""
    earlier_size: int = 0
    earlier_mount_point: bool = False
    containers: tuple[str, ...] = ()
    images: int = 0
    volumes: tuple[str, ...] = ()
    containerd_target: str = ""
    containerd_size: int = 0
    containerd_program: str = ""
    other_namespaces: tuple[str, ...] = ()
    configuration_target: str = ""
    configuration: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def linked(self) -> bool:
        """A symlink leads to the data, at the data root or above it."""
        return bool(self.target) and self.target != self.data_root


def losses_in(answer: Mapping[str, str], data_root: str) -> Losses:
    """Return what the frames of templates/losses.sh.j2 tell."""
    listed = {name: tuple(filter(None, lines(body))) for name, body in answer.items()}
    return Losses(
        data_root=data_root,
        target=answer.get("target", "").strip(),
        entries=listed.get("entries", ()),
        mount_point="mount-point" in answer,
        size=_bytes(answer.get("size", "")),
        earlier_target=answer.get("earlier-target", "").strip(),
        earlier_size=_bytes(answer.get("earlier-size", "")),
        earlier_mount_point="earlier-mount-point" in answer,
        containers=tuple(_container(line) for line in listed.get("containers", ())),
        images=len(listed.get("images", ())),
        volumes=listed.get("volumes", ()),
        containerd_target=answer.get("containerd-target", "").strip(),
        containerd_size=_bytes(answer.get("containerd-size", "")),
        containerd_program=answer.get("containerd-program", "").strip(),
        other_namespaces=listed.get("namespaces", ()),
        configuration_target=answer.get("configuration-target", "").strip(),
        configuration=listed.get("configuration", ()),
        members=listed.get("primary-group", ()),
    )


def _bytes(kilobytes: str) -> int:
    return int(kilobytes) * 1024 if kilobytes.strip().isdecimal() else 0


def _container(line: str) -> str:
    name, _, state = line.partition("\t")
    return f"{name} ({'running' if state.startswith('Up') else 'stopped'})" if state else name
