"""What a purge deletes, and what it never does."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from provisioner.errors import BlockedError
from provisioner.facts.losses import Losses
from provisioner.facts.model import Facts
from provisioner.plan.engine_steps import delete_data
from provisioner.plan.model import FileDiff, Step

DEFAULT_ROOT = "/var/lib/docker"
CONTAINERD_ROOT, CONFIGURATION = "/var/lib/containerd", "/etc/docker"
NEVER = frozenset({
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root",
    "/run", "/sbin", "/srv", "/sys", "/usr", "/usr/local", "/usr/share", "/var", "/var/cache", "/var/lib", "/var/log",
    "/var/spool", "/tmp", "/var/tmp",  # noqa: S108 # nothing is put there
})  # fmt: skip
"""No data root is any of these; Docker's directories in them may be, and are not deleted either: too much is near."""

ENTRIES = frozenset({
    "aufs", "btrfs", "builder", "buildkit", "containerd", "containers", "devicemapper", "engine-id", "execdriver",
    "fuse-overlayfs", "graph", "image", "init", "linkgraph.db", "network", "nuke-graph-directory.sh", "overlay",
    "overlay2", "plugins", "rootfs", "runtimes", "swarm", "tmp", "tmp-old", "trust", "vfs", "volumes", "zfs",
})  # fmt: skip
"""What engines from 17.06 to 29 make in their data root (moby daemon/, read at v29.7.2, and older layouts)."""

REMAPPED = re.compile(r"\d+\.\d+")
"""Below the data root, one directory for each user name space (userns-remap)."""

SHOWN = 20


def data_step(facts: Facts, losses: Losses, removed: tuple[str, ...]) -> Step | None:
    """Return the step that deletes what is Docker's; None when there is nothing of it.

    At /var/lib/docker that is everything; at any other data root only what an engine makes in it, since people point
    that option at directories with other things in them. Of mount points, places that symlinks lead to and other data
    roots the directory itself stays.

    Raises:
        BlockedError: the data root is a directory in which nothing may be deleted.
    """
    root = _root_place(facts, losses)
    containerd = _containerd_place(facts, losses, removed)
    places = [place for place in (root, containerd) if place]
    if losses.earlier_target:
        places.append(_place(DEFAULT_ROOT, losses.earlier_target, keep=losses.earlier_mount_point))
    if losses.configuration_target:
        places.append(_place(CONFIGURATION, losses.configuration_target))
    for place in places:
        if place["path"] in NEVER:
            raise BlockedError(f"{place['asked']} leads to {place['path']}, where nothing is ever deleted")
    if not places:
        return None
    file = facts.daemon_json
    inside = file is not None and (file.asked or file.path).startswith(CONFIGURATION + "/")
    return delete_data(
        f"delete {', '.join(place['asked'] for place in places)}: {_sum(losses, counts=root is not None)}",
        _names(losses) if root else "what an engine left",
        places,
        (FileDiff(file.asked or file.path, file.text, None),) if file and inside else (),
    )


def _root_place(facts: Facts, losses: Losses) -> dict[str, Any] | None:
    asked, target = losses.data_root, losses.target
    if not re.fullmatch(r"/[^\x00-\x1f]*", asked) or ".." in asked.split("/"):
        raise BlockedError(
            f"the data root {asked!r} is no absolute path", hint=f"correct data-root in {facts.engine.config_path}"
        )
    for path in (posixpath.normpath(asked), target):
        if path in NEVER or re.fullmatch(r"/home/[^/]+", path):
            raise BlockedError(
                f"the data root is {path}, where nothing is ever deleted",
                hint="remove without --purge, then delete by hand what is Docker's there",
            )
    everything = target == DEFAULT_ROOT
    names = [name for name in losses.entries if name != "lost+found" and (everything or _is_dockers(name))]
    if not names:
        return None
    # An engine tells where a symlink has led it, so any other directory may be the end of one.
    keep = losses.mount_point or losses.linked or not everything
    return _place(asked, target, names=() if everything else tuple(names), keep=keep)


def _containerd_place(facts: Facts, losses: Losses, removed: tuple[str, ...]) -> dict[str, Any] | None:
    if not losses.containerd_target or losses.other_namespaces or facts.package_state.kubernetes_node:
        return None
    if "containerd.io" in removed or not losses.containerd_program:
        return _place(CONTAINERD_ROOT, losses.containerd_target)
    if removed and "containerd" in facts.packages:
        return _place(CONTAINERD_ROOT, losses.containerd_target, only_without="containerd")
    return None


def _place(
    asked: str, path: str, *, names: tuple[str, ...] = (), keep: bool = False, only_without: str = ""
) -> dict[str, Any]:
    return {
        "asked": asked,
        "path": path,
        "names": names,
        "keep": keep or path != asked,
        "only_without": only_without,
    }


def _is_dockers(name: str) -> bool:
    return name in ENTRIES or name.startswith("repositories-") or bool(REMAPPED.fullmatch(name))


def _sum(losses: Losses, *, counts: bool) -> str:
    numbers = (
        (len(losses.containers), "container"),
        (losses.images, "image"),
        (len(losses.volumes), "volume"),
    )
    said = [f"{number} {what}{'' if number == 1 else 's'}" for number, what in numbers if counts]
    earlier = ["what was kept before the data root moved"] if losses.earlier_target else []
    size = readable(losses.size + losses.containerd_size + losses.earlier_size)
    return ", ".join([*said, *earlier, size])


def _names(losses: Losses) -> str:
    rows = (
        ("containers", losses.containers),
        ("volumes", losses.volumes),
        (f"in {CONFIGURATION}", losses.configuration),
    )
    return "; ".join(f"{what}: {_listed(names)}" for what, names in rows if names) or "there is no way back"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def readable(size: int) -> str:
    """The size for people.

    >>> readable(0), readable(1536 * 1024), readable(3 * 2**30)
    ('0 MB', '2 MB', '3.0 GB')
    """
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"
