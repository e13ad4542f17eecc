"""Packages that the host's own configuration forbids to install: pins of apt, excludes of dnf and yum.

A claim is made only where it is certain; what depends on a version is looked at once it is known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from provisioner.catalogue.package_sources import docker_key, package_sources
from provisioner.catalogue.packages import names
from provisioner.errors import BlockedError
from provisioner.facts.apt_pins import Pin, matches
from provisioner.facts.model import Facts
from provisioner.preflight.finding import Finding, Subject, failed, warned
from provisioner.sources.reach import APT_KEY, Source
from provisioner.wanted.spec import Spec
from provisioner.wanted.strategies import takes_dockers_builds

PIN_WAY_OUT = "take that pin out, or stay with what is there"
DEPENDENCY = "container-selinux"
"""What docker-ce and containerd.io need of an rpm distribution (docker-ce-packaging, containerd-packaging)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of the source that packages come from: its host, "" for unknown, and fields of its Release."""

    host: str = ""
    release: Mapping[str, str] = field(default_factory=dict)


def pinned(subject: Subject) -> Iterator[Finding]:
    """Pins with a negative priority, of packages that would be installed."""
    facts, spec = subject.facts, subject.spec
    ours = _takes_ours(subject)
    origin = origin_of(facts, spec) if ours else Origin()
    kept: dict[Pin, dict[str, bool]] = {}
    for name, firm in _coming(subject):
        if pin := forbids(facts.package_state.pins, name, _version(name, spec) if ours else "", origin):
            kept.setdefault(pin, {})[name] = firm
    for pin, rows in kept.items():
        said = _said(rows, pin)
        if any(rows.values()):
            yield failed("pins", said, PIN_WAY_OUT, "install")
        else:
            yield warned("pins", said, PIN_WAY_OUT)


def excluded(subject: Subject) -> Iterator[Finding]:
    """Excludes of dnf and yum that name packages which would be installed; those of one repository leave others."""
    facts = subject.facts
    rows = [*_coming(subject)]
    if _takes_ours(subject) and DEPENDENCY not in facts.packages and rows:
        rows.append((DEPENDENCY, True))
    for exclude in facts.package_state.excludes:
        kept = {name: firm for name, firm in rows if exclude.keeps(name)}
        # Our own repository is written anew, without what stands there.
        if not kept or (not exclude.of_all and (exclude.only or _takes_ours(subject))):
            continue
        said = f"{exclude.file}, line {exclude.number} keeps {', '.join(kept)} from being installed: {exclude.text}"
        if exclude.of_all and any(kept.values()):
            yield failed("excludes", said, "take it out there", "install")
        else:
            yield warned("excludes", said, "take it out there")


def refuse_pinned(facts: Facts, packages: Iterable[tuple[str, str]], source: Source, channel: str) -> None:
    """Refuse versions that a pin forbids; one on apt's command line would override the pin silently.

    Raises:
        BlockedError: a pin with a negative priority is of one of `packages`, (name, version).
    """
    origin = _origin(source.base, source.fingerprint, channel)
    for name, version in packages:
        if pin := forbids(facts.package_state.pins, name, version, origin, exact=bool(version)):
            raise BlockedError(_said([name], pin), hint=PIN_WAY_OUT)


def forbids(pins: Iterable[Pin], package: str, version: str, origin: Origin, *, exact: bool = False) -> Pin | None:
    """Return the pin that certainly keeps `package` from being installed, None where there is none.

    `version` is what its version begins with, or with `exact` all of it. The first pin that matches counts, those that
    name the package before those of whole sources.
    """
    rows = list(pins)
    for pin in (
        *(row for row in rows if not row.of_all or len(row.packages) > 1),
        *(row for row in rows if row.of_all),
    ):
        named = pin.names(package) if not pin.of_all else True
        if named is False or (pin.of_all and pin.kind == "version"):
            continue
        matched = named and _matches(pin, version, origin, exact=exact)
        if matched is False:
            continue
        if pin.priority >= 0:
            return None
        if matched:
            return pin
    return None


def origin_of(facts: Facts, spec: Spec) -> Origin:
    """What is known of the source before any has been asked."""
    named = package_sources().get(spec.source)
    base = spec.source if "://" in spec.source else named.base if named else ""
    own = spec.source_fingerprint is not None or (spec.source == "auto" and facts.file(APT_KEY) is not None)
    return _origin(base, "" if own else docker_key("deb"), spec.channel)


def _origin(base: str, fingerprint: str, channel: str) -> Origin:
    """Whatever mirror has it, a Release file that is signed with Docker's key says the same."""
    docker = fingerprint == docker_key("deb")
    release = {"o": "Docker", "l": "Docker CE", "c": channel} if docker else {}
    return Origin(urlsplit(base).hostname or "", release)


def _said(packages: Collection[str], pin: Pin) -> str:
    are, they = ("is", "it") if len(packages) == 1 else ("are", "they")
    return f"{', '.join(packages)} {are} pinned with a negative priority in {pin.file}: {they} must not be installed"


def _takes_ours(subject: Subject) -> bool:
    return bool(subject.platform and subject.platform.suites) and takes_dockers_builds(subject.spec.strategy)


def _coming(subject: Subject) -> Iterator[tuple[str, bool]]:
    """The packages that would be installed, each with whether that is certain."""
    platform, there = subject.platform, subject.facts.packages
    if not subject.installs or platform is None:
        return
    if not _takes_ours(subject):
        for name in platform.distro_packages:
            yield name, True
        return
    for name in names("docker-ce", "companion"):
        since = {"docker-ce": 0, "docker-ce-cli": 19, "containerd.io": 19}.get(name, 23)
        moves = name in names("docker-ce") or name not in there
        yield name, moves and subject.engine_major >= since


def _version(name: str, spec: Spec) -> str:
    """What the version of `name` begins with, as far as that was asked for; docker-ce has had one epoch on apt."""
    if name not in {"docker-ce", "docker-ce-cli"} or spec.version in {None, "latest"}:
        return ""
    wanted = str(spec.version)
    return f"5:{wanted}{'-' if wanted.count('.') == 2 else '.'}" if int(wanted.partition(".")[0]) > 18 else ""


def _matches(pin: Pin, version: str, origin: Origin, *, exact: bool) -> bool | None:
    if pin.what == "*":
        return True
    if pin.kind == "version":
        return matches(pin.what, version) if exact else _begins(pin.what, version)
    if pin.kind == "origin":
        return matches(pin.what.strip('"'), origin.host) if origin.host else None
    found = [_field(part.strip(), origin.release) for part in pin.what.split(",")]
    return False if False in found else None if None in found else True


def _begins(pattern: str, begin: str) -> bool | None:
    """Whether a pattern is of every version that begins so; None where it depends on the rest."""
    firm = re.split(r"[*?\[]", pattern)[0]
    if pattern.startswith("/"):
        return None
    if begin and not (firm.startswith(begin) or begin.startswith(firm)):
        return False
    return True if begin and pattern == f"{firm}*" and begin.startswith(firm) else None


def _field(part: str, release: Mapping[str, str]) -> bool | None:
    name, _, pattern = part.partition("=")
    return matches(pattern.strip('"'), release[name]) if name in release else None


CHECKS = (pinned, excluded)
