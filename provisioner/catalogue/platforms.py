"""The rows of data/platforms.toml: releases of distributions, and whose packages they take."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.catalogue.packages import names
from provisioner.catalogue.rows import data

FAMILIES = {"apt": "deb", "dnf5": "rpm", "dnf": "rpm", "yum": "rpm"}
ANY = "*"


@dataclass(frozen=True, slots=True)
class Suite:
    """Packages for one release in a source: `directory` is below <source>/linux/, `name` a codename or a number."""

    directory: str
    name: str

    def __str__(self) -> str:
        return f"{self.directory}/{self.name}"


@dataclass(frozen=True, slots=True)
class Platform:
    """A release of a distribution, and whose packages it takes.

    `suites` are its own packages first, then those to step back to; none where Docker builds nothing.
    `last_engine` and `ended` are set where builds have stopped. `distro_packages` are the distribution's own engine,
    `extras` the topic of amazon-linux-extras it comes from. `apt` is its version of apt where that is below 1.5.
    `oldest_arm` is the oldest 32-bit ARM architecture that the packages run on.
    """

    slug: str
    name: str
    id: str
    release: str
    family: str
    suites: tuple[Suite, ...]
    conflicts: tuple[str, ...]
    distro_packages: tuple[str, ...]
    last_engine: str = ""
    ended: str = ""
    tier: str = "mapped"
    init: str = ""
    apt: tuple[int, ...] = ()
    extras: str = ""
    oldest_arm: int = 0
    codenames: tuple[str, ...] = ()
    source: str = ""

    @property
    def major(self) -> int:
        """The distribution's own major release, 0 when it has none."""
        return (numbers(self.release) or (0,))[0]


@dataclass(frozen=True, slots=True)
class Derivative:
    """A distribution that names the release it is made from in its os-release."""

    id: str
    name: str
    source: str


def platforms() -> tuple[Platform, ...]:
    """Return every row, in order."""
    return tuple(_rows())


def taken_away() -> tuple[str, ...]:
    """Return the names of all packages that an installation or a removal may take away, on whatever platform."""
    conflicts = (name for row in platforms() for name in row.conflicts)
    return tuple(dict.fromkeys([*names("docker-ce", "companion", "extension", "engine", "spare"), *conflicts]))


def derivatives() -> Mapping[str, Derivative]:
    """Return the derivatives by their id in os-release."""
    return {row["id"]: Derivative(**row) for row in data("platforms")["derivative"]}


def numbers(release: str) -> tuple[int, ...]:
    """`24.04` -> (24, 4)."""
    return tuple(map(int, re.findall(r"\d+", release)))


@functools.cache
def _rows() -> tuple[Platform, ...]:
    return tuple(_read(data("platforms")))


def _read(rows: dict[str, Any]) -> Iterator[Platform]:
    for row in rows["platform"]:
        for release, line in row["releases"].items():
            places = [place for place in (line["suite"], *line.get("fallbacks", ())) if place]
            label = line.get("codenames", [release])[0] if not line["suite"] else release
            yield Platform(
                slug=f"{row['id']}-{label}".removesuffix(f"-{ANY}"),
                name=f"{line.get('name', row['name'])} {release}".removesuffix(f" {ANY}"),
                id=row["id"],
                release=release,
                family=row["family"],
                suites=tuple(Suite(*place.split("/")) for place in places),
                conflicts=tuple(rows["conflicts"][row["conflicts"]]),
                distro_packages=tuple(line.get("own", row.get("own", ()))),
                last_engine=line.get("last_engine", ""),
                ended=line.get("ended", ""),
                tier=line.get("tier", "mapped"),
                init=line.get("init", ""),
                apt=numbers(line.get("apt", "")),
                extras=line.get("extras", ""),
                oldest_arm=line.get("oldest_arm", 0),
                codenames=tuple(line.get("codenames", ())),
                source=row["source"],
            )
