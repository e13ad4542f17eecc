"""The rows in provisioner/data/: platforms and package sources."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from provisioner.facts.model import OperatingSystem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Platform:
    """A release that is known: `suite` is its codename (deb) or literal major release (rpm) in a package source.

    `repository` is empty where Docker builds nothing; `last_engine` is set where builds have stopped.
    """

    slug: str
    name: str
    family: str
    repository: str
    suite: str
    conflicts: tuple[str, ...]
    distro_packages: tuple[str, ...]
    last_engine: str
    source: str


def platforms() -> tuple[Platform, ...]:
    return tuple(_platforms().values())


def platform_of(os: OperatingSystem) -> Platform | None:
    """Return the row of exactly this distribution and release, or None."""
    return _platforms().get((os.id, os.version_id)) or _platforms().get((os.id, os.major))


def package_sources() -> Mapping[str, str]:
    """Return the bases by name, in the order in which they are preferred."""
    return dict(table("package_sources")["sources"])


def docker_key(family: str) -> str:
    """Return the fingerprint of the key that Docker signs packages of `family` with."""
    return str(table("package_sources")["keys"][family])


@functools.cache
def _platforms() -> dict[tuple[str, str], Platform]:
    known = table("platforms")
    rows = {}
    for row in known["platform"]:
        for release, suite in row["releases"].items():
            client = ("docker-cli",) if release in row.get("split_client", ()) else ()
            rows[row["id"], release] = Platform(
                slug=f"{row['id']}-{release or suite}",
                name=f"{row['name']} {release}".strip(),
                family=row["family"],
                repository=row["repository"],
                suite=suite,
                conflicts=tuple(known["conflicts"][row["conflicts"]]),
                distro_packages=("docker.io", *client) if row["family"] == "deb" else (),
                last_engine=row.get("last_engine", ""),
                source=row["source"],
            )
    return rows


@functools.cache
def table(name: str) -> dict[str, Any]:
    """Return data/<name>.toml."""
    return tomllib.loads((files("provisioner") / "data" / f"{name}.toml").read_text(encoding="utf-8"))
