"""The rows of data/package_sources.toml: where docker-ce can be had, and the key that signs it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.catalogue.rows import data


@dataclass(frozen=True, slots=True)
class PackageSource:
    """`base` goes up to, without, /linux/. `cloud` is set where it can be reached from inside that cloud alone."""

    name: str
    operator: str
    base: str
    cloud: str = ""
    remark: str = ""


@functools.cache
def package_sources() -> Mapping[str, PackageSource]:
    """Return the rows by name, in the order in which they are preferred."""
    return {row["name"]: PackageSource(**row) for row in data("package_sources")["source"]}


def docker_key(family: str) -> str:
    """Return the fingerprint of the key that Docker signs packages of `family` with."""
    return str(data("package_sources")["keys"][family])
