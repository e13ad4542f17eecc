"""Where an engine keeps, or would keep, its data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.host_files.lines import lines


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of the host's mount table: mount point, file system type and options."""

    point: str
    kind: str
    options: tuple[str, ...] = ()

    @property
    def read_only(self) -> bool:
        return "ro" in self.options


@dataclass(frozen=True, slots=True)
class Inodes:
    """`total` is 0 on file systems that make inodes as they need them."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """A block device and what is on it. `signatures` is None when nothing looked for any."""

    name: str
    kind: str
    size: int = 0
    read_only: bool = False
    file_system: str = ""
    mount_point: str = ""
    parts: tuple[str, ...] = ()
    signatures: str | None = None


@dataclass(frozen=True, slots=True)
class Storage:
    """`data_root` is where the configuration puts the data, `target` where symlinks lead from there.

    `drivers` are the storage drivers that have kept images there. `loop_device` is the file below a devicemapper
    pool in loop-lvm mode. `devices` are looked at on kernels before 4.0 only. `d_type` is what
    xfs_info says of the data root; None when it is no xfs, or unknown.
    """

    data_root: str = "/var/lib/docker"
    target: str = ""
    drivers: tuple[str, ...] = ()
    loop_device: str = ""
    ostree: bool = False
    mounts: tuple[Mount, ...] = ()
    inodes: Mapping[str, Inodes] = field(default_factory=dict)
    d_type: bool | None = None
    devices: tuple[BlockDevice, ...] | None = None

    def mount_of(self, path: str) -> Mount | None:
        """The file system that `path` is on, or would be on once it exists; the last one mounted there."""
        above = [mount for mount in self.mounts if within(path, mount.point)]
        longest = max((len(mount.point) for mount in above), default=0)
        return next((mount for mount in reversed(above) if len(mount.point) == longest), None)


def within(path: str, directory: str) -> bool:
    """True when `path` is `directory` or below it."""
    return directory in {"/", path} or path.startswith(directory + "/")


def storage(single: Mapping[str, str]) -> Storage:
    """Read the frames by name."""
    ftype = re.search(r"\bftype=([01])", single.get("xfs-info", ""))
    return Storage(
        data_root=single.get("data-root", "").strip() or "/var/lib/docker",
        target=single.get("data-root-target", "").strip(),
        drivers=tuple(single.get("storage-state", "").split()),
        loop_device=single.get("loop-lvm", "").strip(),
        ostree="ostree" in single,
        mounts=tuple(_mounts(single.get("mounts", ""))),
        inodes=_inodes(single.get("inodes", "")),
        d_type=ftype.group(1) == "1" if ftype else None,
        devices=block_devices(single),
    )


def block_devices(single: Mapping[str, str]) -> tuple[BlockDevice, ...] | None:
    """Devices as `lsblk -P` prints them, with the signatures that wipefs finds; None when nothing has looked."""
    if "block-devices" not in single:
        return None
    rows = [_pairs(line) for line in lines(single["block-devices"])]
    found = dict(line.partition(" ")[::2] for line in lines(single.get("signatures", "")))
    names = dict.fromkeys(row["NAME"] for row in rows if row.get("NAME"))
    by_name = {name: [row for row in rows if row.get("NAME") == name] for name in names}
    return tuple(
        BlockDevice(
            name=name,
            kind=lines[0].get("TYPE", ""),
            size=int(lines[0].get("SIZE") or 0),
            read_only=lines[0].get("RO") == "1",
            file_system=lines[0].get("FSTYPE", ""),
            mount_point=next((line["MOUNTPOINT"] for line in lines if line.get("MOUNTPOINT")), ""),
            parts=tuple(dict.fromkeys(row["NAME"] for row in rows if row.get("PKNAME") == name)),
            signatures=found[name].strip() if name in found else None,
        )
        for name, lines in by_name.items()
    )


def _pairs(line: str) -> dict[str, str]:
    return dict(re.findall(r'([A-Z]+)="([^"]*)"', line))


def disk_free(body: str) -> dict[str, int]:
    """Bytes free, by mount point, from `df -Pk`."""
    free = {}
    for line in lines(body)[1:]:
        fields = line.split()
        if len(fields) >= 6 and fields[3].isdigit():
            free[fields[5]] = int(fields[3]) * 1024
    return free


def _mounts(body: str) -> list[Mount]:
    rows = [line.split(" ") for line in lines(body)]
    return [Mount(_unescaped(row[1]), row[2], tuple(row[3].split(","))) for row in rows if len(row) >= 4]


def _unescaped(point: str) -> str:
    """The kernel writes blanks, tabs, newlines and backslashes of a mount point as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal.group(1), 8)), point)


def _inodes(body: str) -> dict[str, Inodes]:
    rows = [line.split(None, 3) for line in lines(body)]
    return {
        row[3]: Inodes(int(row[1]), int(row[2]))
        for row in rows
        if len(row) == 4 and row[1].isdecimal() and row[2].isdigit()
    }
