"""Which row of the catalogue a host's os-release leads to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from provisioner.catalogue.platforms import ANY, FAMILIES, Platform, derivatives, numbers, platforms
from provisioner.facts.model import OperatingSystem


@dataclass(frozen=True, slots=True)
class Match:
    """A platform and how it was arrived at: `notice` is "" when there is a row for exactly this release."""

    platform: Platform
    notice: str = ""


def platform_of(os: OperatingSystem, package_manager: str = "") -> Match | None:
    """Return the platform that this system takes its packages as, or None when nothing hints at one.

    In this order: the row of this release, by its codename where that and the version contradict each other, since
    packages are built for a codename; the row of the release that os-release names as its origin (UBUNTU_CODENAME,
    DEBIAN_CODENAME); for releases newer than the rows, the nearest older row; for unknown distributions, what ID_LIKE
    says together with a codename, with what their packages were built for, or with the version. `package_manager`
    tells apart what shares an id.
    """
    family = FAMILIES.get(package_manager, "")
    rows = [row for row in platforms() if row.id == os.id and family in {"", row.family}]
    own, named = _exact(rows, os), _named(rows, os)
    if named and named is not own:
        why = f"VERSION_CODENAME={os.codename}, though VERSION_ID={os.version_id}"
        return Match(named, _taken_as(os, named, why))
    if own:
        return Match(own)
    return _by_origin(os) or _by_age(rows, os) or _by_likeness(os, family)


def _exact(rows: list[Platform], os: OperatingSystem) -> Platform | None:
    if not os.version_id:
        return _named(rows, os) or next((row for row in rows if row.release == ANY), None)
    short = re.match(r"[Vv]?\d+", os.version_id)
    wanted = (os.version_id.upper(), short.group().upper() if short else "", ANY)
    return next((row for release in wanted for row in rows if row.release.upper() == release), None)


def _named(rows: list[Platform], os: OperatingSystem) -> Platform | None:
    """The row with the codename of this release."""
    return next((row for row in rows if os.codename and os.codename in _codenames(row)), None)


def _codenames(row: Platform) -> tuple[str, ...]:
    return (*row.codenames, *(suite.name for suite in row.suites[:1]))


def _by_origin(os: OperatingSystem) -> Match | None:
    """The row of the Ubuntu or Debian release that this one names as its origin."""
    known = derivatives().get(os.id)
    for origin, codename, variable in (
        ("debian", os.debian_codename, "DEBIAN_CODENAME"),
        ("ubuntu", os.ubuntu_codename, "UBUNTU_CODENAME"),
    ):
        row = next((row for row in platforms() if codename and row.id == origin and codename in _codenames(row)), None)
        if row and os.id != origin:
            if known:
                return Match(replace(row, slug=f"{os.id}-{os.version_id}", name=f"{os.name} ({row.name} {codename})"))
            like = f"ID_LIKE={' '.join(os.id_like)}, " if os.id_like else ""
            return Match(row, _taken_as(os, row, f"{like}{variable}={codename}"))
    return None


def _by_age(rows: list[Platform], os: OperatingSystem) -> Match | None:
    """The nearest older release of the same distribution, for one that has no row."""
    wanted = numbers(os.version_id)
    older = [row for row in rows if wanted and row.suites and row.release != ANY and numbers(row.release) < wanted]
    if not older:
        return None
    row = max(older, key=lambda row: numbers(row.release))
    return Match(row, _taken_as(os, row, f"{os.version_id} is not in the table"))


def _by_likeness(os: OperatingSystem, family: str) -> Match | None:
    """What ID_LIKE, together with a codename or a version, says of a distribution that has no row."""
    for origin in ("ubuntu", "debian", "rhel", "centos", "fedora"):
        if origin not in os.id_like:
            continue
        for row in platforms():
            if row.id != origin or family not in {"", row.family} or not row.suites:
                continue
            if row.family == "deb" and os.codename and os.codename in _codenames(row):
                return Match(row, _taken_as(os, row, f"ID_LIKE={' '.join(os.id_like)}, VERSION_CODENAME={os.codename}"))
            if row.family == "rpm" and (clue := _built_for(os, row)):
                return Match(row, _taken_as(os, row, f"ID_LIKE={' '.join(os.id_like)}, {clue}"))
    return None


def _built_for(os: OperatingSystem, row: Platform) -> str:
    """What says that packages of `row` fit; the number of a derivative is a clue only where nothing better is known."""
    agrees = bool(os.major) and os.major == row.release
    if os.base and os.base != f"{'f' if row.id == 'fedora' else 'el'}{row.release}":
        return ""
    if agrees:
        return f"VERSION_ID={os.version_id}"
    return f"PLATFORM_ID=platform:{os.base}" if os.base else ""


def _taken_as(os: OperatingSystem, row: Platform, why: str) -> str:
    codename = f" {row.suites[0].name}" if row.family == "deb" and row.suites else ""
    return f"{os.name or os.id} is taken as {row.name}{codename} because {why}; nobody has tested that"
