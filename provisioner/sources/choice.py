"""Which of the sources that answer is taken, and which packages of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from provisioner.catalogue.packages import names
from provisioner.catalogue.versions import newest, order, upstream
from provisioner.facts.model import Facts
from provisioner.sources.reach import CONFIGURED, SourceReach, key_problem
from provisioner.wanted.spec import Spec


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """The best usable source, None when there is none, and the names and reasons of those that will not do.

    `packages` maps names to the exact versions that will be installed; a version is "" where only the package manager
    can tell.
    """

    reach: SourceReach | None
    packages: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()

    @property
    def why_none(self) -> str:
        return "; ".join(f"{sources}: {why}" for sources, why in self.passed_over) or "no source carries this release"


def choose_source(reach: tuple[SourceReach, ...], facts: Facts, spec: Spec) -> SourceChoice:
    """Return the best usable source, with the reason against each one that is not.

    One with packages for this very release comes before one that must step back to an older; then the source that is
    set up already, then Docker's own, then the fastest.
    """
    against = {answer.source.name: _against(answer, spec) for answer in reach}
    passed_over = _by_reason(reach, against)
    usable = [answer for answer in reach if not against[answer.source.name]]
    if not usable:
        return SourceChoice(None, passed_over=passed_over)
    preferred = (CONFIGURED, "official")
    best = min(
        usable,
        key=lambda answer: (
            answer.suite_index > 0,
            preferred.index(answer.source.name) if answer.source.name in preferred else len(preferred),
            answer.seconds,
        ),
    )
    return SourceChoice(best, _packages(best, facts, spec), passed_over)


def _by_reason(reach: tuple[SourceReach, ...], against: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(names, reason): sources that fail alike, as they do on a host without a way out, are named together."""
    alike: dict[str, list[tuple[str, str]]] = {}
    for answer in reach:
        reason = against[answer.source.name]
        if not reason or reason == "not waited for":
            continue
        host = urlsplit(answer.source.base).hostname or answer.source.base
        # curl, wget and apt end with the name that was asked for; elsewhere a pronoun has to stand for it.
        said = re.sub(rf"(?:: | (?:host address )?['\u2018]?){re.escape(host)}['\u2019]?$", "", reason)
        alike.setdefault(said.replace(host, "it"), []).append((answer.source.name, reason))
    return tuple(
        rows[0] if len(rows) == 1 else (", ".join(name for name, _ in rows), said) for said, rows in alike.items()
    )


def _against(answer: SourceReach, spec: Spec) -> str:
    if answer.problem:
        return answer.problem
    problem = key_problem(answer)
    if problem:
        return problem
    if answer.listed and newest(answer.versions.get("docker-ce", ()), spec.version) is None:
        found = sorted({upstream(version) for version in answer.versions.get("docker-ce", ())}, key=order)
        return f"it has no docker-ce {spec.version or ''}".rstrip() + f"; it has {', '.join(found[-5:]) or 'none'}"
    return ""


def _packages(answer: SourceReach, facts: Facts, spec: Spec) -> tuple[tuple[str, str], ...]:
    """The engine's packages at one version; the companions as they are if the engine needs nothing else of them.

    Companions are upgraded to the newest, never downgraded: no engine needs an old one.
    """
    moving, companions = names("docker-ce"), names("companion")
    if not answer.listed:
        return tuple((name, "") for name in (*moving[:2], *companions))
    engine = newest(answer.versions["docker-ce"], spec.version) or ""
    chosen = []
    for name in moving:
        # docker-ce and docker-ce-cli have different epochs, so the same version is looked for without it.
        version = next((v for v in answer.versions.get(name, ()) if _same(v, engine)), None) or newest(
            answer.versions.get(name, ()), upstream(engine)
        )
        if version:
            chosen.append((name, version))
    for name in companions:
        version = newest(answer.versions.get(name, ()))
        installed = facts.packages.get(name)
        if version and not (installed and newest((version, installed)) == installed):
            chosen.append((name, version))
    return tuple(chosen)


def _same(version: str, other: str) -> bool:
    return version.rpartition(":")[2] == other.rpartition(":")[2]
