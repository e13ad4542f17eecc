"""Who needs the packages that an installation or a removal may take away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from provisioner.catalogue.package_versions import RELATIONS, deb_order
from provisioner.host_files.lines import lines

_REQUIREMENT = re.compile(
    r"(?P<name>[^\s:(]+)(?::\S+)?(?:\s*\(?\s*(?P<relation><<|<=|>=|>>|[<=>])\s*(?P<version>[^\s)]+)\)?)?"
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package or what one provides, at any version or one that stands in `relation` to `version`."""

    name: str
    relation: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.relation} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Dependency:
    """`package` needs one of the `alternatives`; `providers` are all the installed packages that are one."""

    package: str
    alternatives: tuple[Requirement, ...]
    providers: frozenset[str]

    def __str__(self) -> str:
        return " or ".join(map(str, self.alternatives))


def dependencies(single: Mapping[str, str]) -> tuple[Dependency, ...]:
    """Read the frames by name: of dpkg whole dependencies, of rpm what one installed package alone satisfies."""
    return (
        *_of_dpkg(single.get("deb-dependencies", ""), single.get("deb-alternatives", "")),
        *_of_rpm(single.get("rpm-dependencies", "")),
    )


@dataclass(frozen=True, slots=True)
class _Installed:
    version: str
    provides: tuple[Requirement, ...]


def _of_dpkg(dependents: str, alternatives: str) -> Iterator[Dependency]:
    rows = [line.split("\t") for line in lines(dependents) if line.count("\t") == 3]
    others = [line.split("\t") for line in lines(alternatives) if line.count("\t") == 2]
    installed = {row[0]: _Installed(row[1], tuple(_requirements(row[2], ","))) for row in (*rows, *others)}
    for name, _, _, needs in rows:
        for clause in needs.split(","):
            wanted = tuple(_requirements(clause, "|"))
            providers = frozenset(
                package for package, there in installed.items() if any(_is(each, package, there) for each in wanted)
            )
            if providers and name not in providers:
                yield Dependency(name, wanted, providers)


def _is(wanted: Requirement, name: str, there: _Installed) -> bool:
    if wanted.name == name:
        return not wanted.relation or RELATIONS[wanted.relation](deb_order(there.version, wanted.version))
    return any(
        wanted.name == virtual.name
        and (
            not wanted.relation
            or (bool(virtual.relation) and RELATIONS[wanted.relation](deb_order(virtual.version, wanted.version)))
        )
        for virtual in there.provides
    )


def _of_rpm(rows: str) -> Iterator[Dependency]:
    """Each row says which package satisfies what, and for whom; rpm writes alternatives as `(a or b)`."""
    for line in lines(rows):
        provider, capability, package = [*line.split("\t"), "", ""][:3]
        if package:
            inner = re.sub(r"^\((.* or .*)\)$", r"\1", capability.strip())
            yield Dependency(package, tuple(map(_requirement, inner.split(" or "))), frozenset({provider}))


def _requirements(text: str, separator: str) -> Iterator[Requirement]:
    for part in text.split(separator):
        if part.strip():
            yield _requirement(part)


def _requirement(text: str) -> Requirement:
    match = _REQUIREMENT.match(text.strip())
    if not match:
        return Requirement(text.strip())
    return Requirement(match["name"], match["relation"] or "", match["version"] or "")
