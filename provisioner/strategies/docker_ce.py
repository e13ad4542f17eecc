"""What the strategies that install docker-ce from a source share."""

from __future__ import annotations

from provisioner.catalogue.platforms import Platform
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.plan.model import Step
from provisioner.plan.package_steps import remove_packages, upgrade_system
from provisioner.sources.choice import choose_source
from provisioner.sources.reach import SourceReach
from provisioner.strategies.strategy import Accept, Reject
from provisioner.wanted.spec import Spec

PACKAGE = "docker-ce"


def from_best_source(host: Host, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    """Accept with the best source that answers, reject where none will do."""
    choice = choose_source(reach, host.facts, spec)
    best = choice.reach
    if best is None:
        return Reject(choice.why_none)
    return Accept(
        why=f"{best.source.base} answers in {best.seconds:.1f} s",
        reach=best,
        packages=choice.packages,
        passed_over=choice.passed_over,
        notices=(best.stepped_back,) if best.stepped_back else (),
    )


def installed(host: Host, *, apt: bool) -> str:
    """Return docker-ce where it is installed, by a package manager of this kind."""
    facts = host.facts
    return PACKAGE if PACKAGE in facts.packages and (facts.package_manager == "apt") == apt else ""


def remove_conflicts(facts: Facts, platform: Platform) -> Step | None:
    """Return the step that removes what conflicts with docker-ce; None if nothing does."""
    conflicts = [name for name in platform.conflicts if name in facts.packages]
    if not conflicts:
        return None
    why = "they conflict with docker-ce; images, containers and volumes stay"
    held = [name for name in conflicts if name in facts.held]
    return remove_packages(conflicts, why, manager=facts.package_manager, held=held)


def system_update(facts: Facts, spec: Spec) -> Step | None:
    """Return the full upgrade of the system that some guides begin with; only on request."""
    return upgrade_system(facts.package_manager) if spec.system_update else None
