"""Disks and file systems, and the storage driver that lives on them.

Sources: docs.docker.com storage driver pages; docker/cli deprecated.md of 29.7.2 (devicemapper is gone in 25.0,
aufs and overlay in 24.0), read 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.facts.storage import within
from provisioner.preflight.finding import Finding, Subject, failed, passed, warned
from provisioner.preflight.package_room import PLACES

GIB = 2**30
TOO_LITTLE, LITTLE = 2 * GIB, 10 * GIB
CONTAINERD_ROOT = "/var/lib/containerd"
NO_INODES = 100
"""The packages of an engine are some hundred files."""

WRITTEN = (
    *("/etc/apt", "/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt", "/etc/yum.repos.d", "/etc/pki", "/var/lib/rpm"),
    *("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/lib/provisioner"),
)
"""Directories that an installation writes to and that may be file systems of their own."""

REMOVED_IN = {"devicemapper": 25, "aufs": 24, "overlay": 24}
REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "glusterfs", "fuse.glusterfs", "ceph"})
ELSEWHERE = frozenset({"overlay", "aufs", "zfs", "ecryptfs", "9p", "virtiofs", "fuse", "fuseblk", "vfat", "exfat"})


def read_only(subject: Subject) -> Iterator[Finding]:
    storage = subject.facts.storage
    if storage.ostree:
        yield failed(
            "file systems",
            "this is an image-based host (ostree): packages are layered onto the next boot, not installed",
            "rpm-ostree install docker-ce (or moby-engine) and reboot; `provisioner mirror set` works afterwards",
            "install",
            unsupported=True,
        )
        return
    stuck = [path for path in ("/", "/usr", "/etc", "/var") if (at := storage.mount_of(path)) and at.read_only]
    root = data_root(subject)
    for path in WRITTEN:
        at = storage.mount_of(path)
        if at and at.read_only and at.point == path:
            stuck.append(path)
    at = storage.mount_of(storage.target or root)
    if at and at.read_only and at.point not in stuck:
        stuck.append(at.point)
    if stuck:
        yield failed(
            "file systems",
            f"{', '.join(stuck)} is mounted read-only",
            "remount it writable (mount -o remount,rw), and look in dmesg why it is not; an immutable distribution "
            "brings its own Docker",
            "install",
        )
    elif storage.mounts:
        yield passed("file systems", "writable")


def data_root(subject: Subject) -> str:
    wanted = subject.spec.daemon.get("data-root")
    return wanted if isinstance(wanted, str) and wanted.startswith("/") else subject.facts.storage.data_root


def backing_file_system(subject: Subject) -> Iterator[Finding]:
    storage, root = subject.facts.storage, data_root(subject)
    at = storage.mount_of(storage.target if storage.target and root == storage.data_root else root)
    if at is None:
        return
    where = f"{root} is on {at.kind} ({at.point})"
    if at.kind in REMOTE:
        yield failed(
            "data root",
            f"{where}: no storage driver works on a network file system",
            "put the data root on a local disk: --daemon data-root=/PATH",
            "start",
        )
    elif at.kind == "xfs" and storage.d_type is False and root == storage.data_root:
        problem = f"{where} made with ftype=0: overlay2 needs d_type"
        if subject.engine_major < 25:
            yield warned("data root", f"{problem}; the engine would use devicemapper", _FTYPE)
        else:
            yield failed("data root", problem, _FTYPE, "start")
    elif at.kind == "tmpfs":
        yield warned("data root", f"{where}: images and containers are gone after a reboot", _LOCAL)
    elif at.kind in ELSEWHERE and not subject.healthy:
        yield warned("data root", f"{where}: overlay2 may not work there, and vfs copies every layer", _LOCAL)
    else:
        yield passed("data root", where + {True: ", with d_type"}.get(storage.d_type is True, ""))


_FTYPE = "put the data root on ext4, or on xfs made with mkfs.xfs -n ftype=1: --daemon data-root=/PATH"
_LOCAL = "put the data root on ext4 or xfs: --daemon data-root=/PATH"


def space(subject: Subject) -> Iterator[Finding]:
    storage = subject.facts.storage
    seen: dict[str, tuple[str, int]] = {}
    for path in (storage.target or data_root(subject), CONTAINERD_ROOT):
        mount = _measured(subject, path)
        if mount:
            seen.setdefault(mount, (path, subject.facts.disk_free[mount]))
    for mount, (path, free) in seen.items():
        said = f"{free / GIB:.1f} GiB free on {mount} for {path}"
        way_out = "make room, or put the data root elsewhere: --daemon data-root=/PATH"
        if free < TOO_LITTLE:
            yield failed("disk space", f"{said}; an engine needs 2 GiB to be of any use", way_out, "install")
        elif free < LITTLE:
            yield warned("disk space", f"{said}; images fill that soon", way_out)
        else:
            yield passed("disk space", said)


def _measured(subject: Subject, path: str) -> str:
    """The mount point whose free space was looked at for `path`; "" when nobody looked."""
    free, storage = subject.facts.disk_free, subject.facts.storage
    at = storage.mount_of(path)
    if at is not None and at.point in free:
        return at.point
    if at is not None and path not in {storage.target or storage.data_root, CONTAINERD_ROOT}:
        return ""
    # df of busybox names the first mount of the device, which need not be the one that the path is below.
    return max((point for point in free if within(path, point)), key=len, default="")


def inodes(subject: Subject) -> Iterator[Finding]:
    found = subject.facts.storage.inodes
    for path, count in found.items():
        said = f"{count.free} of {count.total} inodes are free on the file system of {path}"
        if count.total and count.free < NO_INODES:
            yield failed(
                "inodes", f"{said}: no package can be unpacked", f"remove small files: df -i {path}", "install"
            )
            return
    for path, count in found.items():
        if path not in PLACES and count.total and (count.free < 50_000 or count.free * 20 < count.total):
            said = f"{count.free} of {count.total} inodes are free on the file system of {path}"
            yield warned("inodes", said, "remove small files; images of many small files need hundreds of thousands")
            return
    if found:
        yield passed("inodes", "enough are free")


def storage_driver(subject: Subject) -> Iterator[Finding]:
    facts, storage = subject.facts, subject.facts.storage
    info = facts.engine.info
    drivers = {info.storage_driver} if info else set(storage.drivers)
    wanted = subject.spec.daemon.get("storage-driver")
    old = [wanted] if isinstance(wanted, str) else [] if "overlay2" in drivers else sorted(drivers)
    for driver in old:
        if driver in REMOVED_IN and subject.engine_major >= REMOVED_IN[driver]:
            yield failed(
                "storage driver",
                f"images and containers here are kept by {driver}, which Docker Engine {REMOVED_IN[driver]} and newer "
                "do not have"
                if driver != wanted
                else f"the storage driver {driver} is gone since Docker Engine {REMOVED_IN[driver]}",
                f"stay below it: --docker-version {REMOVED_IN[driver] - 1}; or save what you need (docker save, docker "
                f"cp), then move {storage.data_root} away",
                "install",
            )
    loop = next((line for line in (info.warnings if info else ()) if "loopback devices" in line), "")
    if storage.loop_device or loop:
        yield warned(
            "storage driver",
            f"devicemapper on a loop device ({storage.loop_device or storage.data_root}): slow, and it breaks "
            "under load",
            "move to overlay2; images have to be saved and loaded again",
        )


CHECKS = (read_only, backing_file_system, space, inodes, storage_driver)
