"""What a strategy answers, and what the two that install docker-ce share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from provisioner.catalogue.platforms import Platform
from provisioner.catalogue.versions import newest, upstream
from provisioner.facts.model import Facts
from provisioner.plan.model import Step
from provisioner.sources.reach import CONFIGURED, SourceReach, key_problem
from provisioner.wanted.spec import Spec

ENGINE_PACKAGES = ("docker-ce", "docker-ce-cli", "docker-ce-rootless-extras")
"""Move together, at one version. docker-ce-cli and containerd.io are packages of their own since 18.09."""

COMPANIONS = ("containerd.io", "docker-buildx-plugin", "docker-compose-plugin")
LOCK_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Accept:
    """`why` names the source; `packages` maps names to the exact versions that will be installed.

    A version is "" where only the package manager can tell. `passed_over` says why the other sources will not do,
    `notices` what is to be known of the one that does.
    """

    why: str
    reach: SourceReach | None = None
    packages: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    reason: str


def choose_source(reach: tuple[SourceReach, ...], facts: Facts, spec: Spec) -> Accept | Reject:
    """Return the best usable source, with the reason against each one that is not.

    One with packages for this very release comes before one that must step back to an older; then the source that is
    set up already, then Docker's own, then the fastest.
    """
    against = {answer.source.name: _against(answer, spec) for answer in reach}
    passed_over = _by_reason(reach, against)
    usable = [answer for answer in reach if not against[answer.source.name]]
    if not usable:
        return Reject("; ".join(f"{names}: {why}" for names, why in passed_over) or "no source carries this release")
    preferred = (CONFIGURED, "official")
    best = min(
        usable,
        key=lambda answer: (
            answer.place > 0,
            preferred.index(answer.source.name) if answer.source.name in preferred else len(preferred),
            answer.seconds,
        ),
    )
    return Accept(
        why=f"{best.source.base} answers in {best.seconds:.1f} s",
        reach=best,
        packages=_packages(best, facts, spec),
        passed_over=passed_over,
        notices=(best.stepped_back,) if best.stepped_back else (),
    )


def _by_reason(reach: tuple[SourceReach, ...], against: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(names, reason): sources that fail alike, as they do on a host without a way out, are named together."""
    names: dict[str, list[str]] = {}
    for answer in reach:
        reason = against[answer.source.name]
        if not reason or reason == "not waited for":
            continue
        host = urlsplit(answer.source.base).hostname or answer.source.base
        names.setdefault(reason.replace(f": {host}", "").replace(host, "it"), []).append(answer.source.name)
    return tuple((", ".join(alike), reason) for reason, alike in names.items())


def remove_conflicts(facts: Facts, platform: Platform, template: str) -> Step | None:
    """Return the step that removes what conflicts with docker-ce, through `template`; None if nothing does."""
    conflicts = [name for name in platform.conflicts if name in facts.packages]
    if not conflicts:
        return None
    return Step(
        "conflicts",
        f"remove {' '.join(conflicts)}",
        "they conflict with docker-ce; images, containers and volumes stay",
        "-",
        template,
        {
            "packages": conflicts,
            "held": [name for name in conflicts if name in facts.held],
            "manager": facts.package_manager,
            "lock_timeout": LOCK_TIMEOUT,
        },
    )


def _against(answer: SourceReach, spec: Spec) -> str:
    if answer.problem:
        return answer.problem
    problem = key_problem(answer)
    if problem:
        return problem
    if answer.listed and newest(answer.versions.get("docker-ce", ()), spec.version) is None:
        found = sorted({upstream(version) for version in answer.versions.get("docker-ce", ())}, key=_numerically)
        return f"it has no docker-ce {spec.version or ''}".rstrip() + f"; it has {', '.join(found[-5:]) or 'none'}"
    return ""


def _numerically(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _packages(answer: SourceReach, facts: Facts, spec: Spec) -> tuple[tuple[str, str], ...]:
    """The engine's packages at one version; the companions as they are if the engine needs nothing else of them.

    Companions are upgraded to the newest, never downgraded: no engine needs an old one.
    """
    if not answer.listed:
        return tuple((name, "") for name in (*ENGINE_PACKAGES[:2], *COMPANIONS))
    engine = newest(answer.versions["docker-ce"], spec.version) or ""
    chosen = []
    for name in ENGINE_PACKAGES:
        # docker-ce and docker-ce-cli have different epochs, so the same version is looked for without it.
        version = next((v for v in answer.versions.get(name, ()) if _same(v, engine)), None) or newest(
            answer.versions.get(name, ()), upstream(engine)
        )
        if version:
            chosen.append((name, version))
    for name in COMPANIONS:
        version = newest(answer.versions.get(name, ()))
        installed = facts.packages.get(name)
        if version and not (installed and newest((version, installed)) == installed):
            chosen.append((name, version))
    return tuple(chosen)


def _same(version: str, other: str) -> bool:
    return version.rpartition(":")[2] == other.rpartition(":")[2]
