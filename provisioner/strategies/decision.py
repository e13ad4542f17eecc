"""What a strategy answers, and what the two that install docker-ce share."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.facts.model import Facts
from provisioner.openpgp import fingerprints
from provisioner.planning.model import Step
from provisioner.reach import SourceReach
from provisioner.spec import Spec
from provisioner.tables import Platform
from provisioner.versions import newest, upstream

ENGINE_PACKAGES = ("docker-ce", "docker-ce-cli", "docker-ce-rootless-extras")
"""Move together, at one version."""

COMPANIONS = ("containerd.io", "docker-buildx-plugin", "docker-compose-plugin")
LOCK_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Accept:
    """`why` names the source; `packages` maps names to the exact versions that will be installed."""

    why: str
    reach: SourceReach | None = None
    packages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    reason: str


def choose_source(reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    """Return the official source if it will do, else the fastest that does, with the reason against each other one."""
    reasons = [f"{answer.source.name}: {reason}" for answer in reach if (reason := _against(answer, spec))]
    usable = [answer for answer in reach if not _against(answer, spec)]
    if not usable:
        return Reject("; ".join(reasons) or "no package source carries this release")
    best = min(usable, key=lambda answer: (answer.source.name != "official", answer.seconds))
    return Accept(why=f"{best.source.base} answers in {best.seconds:.1f} s", reach=best, packages=_packages(best, spec))


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
        {"packages": conflicts, "manager": facts.package_manager, "lock_timeout": LOCK_TIMEOUT},
    )


def _against(answer: SourceReach, spec: Spec) -> str:
    if answer.problem:
        return answer.problem
    try:
        found = fingerprints(answer.key)
    except ValueError as cause:
        return f"its key cannot be read: {cause}"
    if set(found) != {answer.source.fingerprint}:
        return f"its key is {', '.join(found)}, expected {answer.source.fingerprint}; nothing of it is trusted"
    if newest(answer.versions.get("docker-ce", ()), spec.version) is None:
        offered = sorted({upstream(version) for version in answer.versions.get("docker-ce", ())})
        return f"it has no docker-ce {spec.version or ''}; it has {', '.join(offered[-5:]) or 'none'}"
    return ""


def _packages(answer: SourceReach, spec: Spec) -> tuple[tuple[str, str], ...]:
    engine = newest(answer.versions["docker-ce"], spec.version) or ""
    chosen = []
    for name in ENGINE_PACKAGES:
        # docker-ce and docker-ce-cli have different epochs, so the same version is looked for without it.
        version = newest(answer.versions.get(name, ()), upstream(engine))
        if version:
            chosen.append((name, version))
    for name in COMPANIONS:
        version = newest(answer.versions.get(name, ()))
        if version:
            chosen.append((name, version))
    return tuple(chosen)
