"""The rows of data/packages.toml: the packages that decisions know by name."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from provisioner.catalogue.rows import data

Role = Literal["docker-ce", "companion", "extension", "engine", "spare", "neighbour"]


@dataclass(frozen=True, slots=True)
class Package:
    """A row of data/packages.toml, which says what its fields mean."""

    name: str
    role: Role
    holdable: bool = False
    client: bool = False
    family: str = ""
    provides: tuple[str, ...] = ()


@functools.cache
def packages() -> tuple[Package, ...]:
    """Return every row, in order."""
    return tuple(Package(**{**row, "provides": tuple(row.get("provides", ()))}) for row in data("packages")["package"])


def names(*roles: Role, family: str = "") -> tuple[str, ...]:
    """Return the names of the packages with one of `roles`, in the order of the rows.

    With a `family` (deb or rpm), names that mean another program there are left out.
    """
    return tuple(row.name for row in packages() if row.role in roles and (not family or row.family in {"", family}))


def holdable() -> tuple[str, ...]:
    """Return the names of the packages that --hold holds."""
    return tuple(row.name for row in packages() if row.holdable)


def clients() -> tuple[str, ...]:
    """Return the names of the packages of others that bring the command docker."""
    return tuple(row.name for row in packages() if row.client)


def provided_by(name: str) -> tuple[str, ...]:
    """Return the names that the package `name` also provides, at any version."""
    return next((row.provides for row in packages() if row.name == name), ())
