"""Room for packages, where they are fetched, unpacked and noted, on file systems of their own.

What is refused is below what any engine takes; between that and enough the package manager will tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provisioner.preflight.finding import Finding, Subject, failed, warned

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Need:
    """MiB that must be free for an engine's packages: for the first ones, for a change of them, and what is enough."""

    first: int
    change: int
    enough: int
    way_out: str


UNPACKED = Need(100, 32, 500, "make room there: df {place}")
FETCHED = Need(50, 8, 200, "make room there; {clean} does it for what was fetched")
PLACES = {
    "/usr": UNPACKED,
    "/var/lib/dpkg": Need(16, 16, 24, "make room there: df {place}"),
    "/var/cache/apt/archives": FETCHED,
    "/var/cache/dnf": FETCHED,
    "/var/cache/libdnf5": FETCHED,
    "/var/cache/yum": FETCHED,
}


def room(subject: Subject) -> Iterator[Finding]:
    facts, storage = subject.facts, subject.facts.storage
    if not subject.installs:
        return
    # The check of the disk space asks more of these.
    asked = {at.point for path in (storage.data_root, "/var/lib/containerd") if (at := storage.mount_of(path))}
    clean = "apt-get clean" if facts.package_manager == "apt" else f"{facts.package_manager} clean packages"
    for place, need in PLACES.items():
        at = storage.mount_of(place)
        if at is None or at.point in asked or at.point not in facts.disk_free:
            continue
        free = facts.disk_free[at.point] // MIB
        least = need.change if facts.engine.installed else need.first
        way_out = need.way_out.format(place=place, clean=clean)
        if least <= free < need.enough:
            said = f"{free} MB are free on the file system of {place}, which may be too little for an engine"
            yield warned("room for packages", said, way_out)
        if free < least:
            asked.add(at.point)
            yield failed(
                "room for packages",
                f"the file system of {place} has no room: {free} MB are free, and the packages of an engine need more "
                f"than {least}",
                way_out,
                "install",
            )


CHECKS = (room,)
