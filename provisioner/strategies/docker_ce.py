"""What the strategies that install docker-ce from a source share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.catalogue.platforms import Platform
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.plan import package_steps
from provisioner.plan.model import Step
from provisioner.preflight.dependents import dependents, refuse_dependents
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


@dataclass(frozen=True, slots=True)
class Room:
    """What makes room for docker-ce: packages that conflict with it, and what needs those, each with what it needs."""

    conflicts: tuple[str, ...]
    dependents: Mapping[str, str]

    @property
    def packages(self) -> tuple[str, ...]:
        return (*self.conflicts, *self.dependents)


def conflicting(facts: Facts, platform: Platform) -> tuple[str, ...]:
    """Return the installed packages that conflict with docker-ce."""
    return tuple(name for name in platform.conflicts if name in facts.packages)


def room_for(facts: Facts, platform: Platform, coming: Mapping[str, str], spec: Spec) -> Room:
    """Return what makes room for the packages in `coming`, which maps names to versions.

    Raises:
        BlockedError: somebody else's package would go as well, and nobody has allowed that.
    """
    conflicts = conflicting(facts, platform)
    lost = dependents(facts, conflicts, coming)
    if not spec.remove_dependents:
        names = ", ".join(conflicts)
        keep = "or keep the engine that is there"
        refuse_dependents(lost, why=f"{names} would make room for docker-ce", otherwise=keep)
    return Room(conflicts, lost)


def make_room(
    facts: Facts, room: Room, *, now: bool = False, how: str = "with what comes, or not at all"
) -> Step | None:
    """Return the step that names what goes and keeps it for the way back; None if nothing does."""
    if not room.packages:
        return None
    why = f"they conflict with docker-ce; images, containers and volumes stay; they go {how}"
    why += "".join(f"; {name} needs {what}" for name, what in room.dependents.items())
    held = [name for name in room.packages if name in facts.held]
    return package_steps.make_room(room.packages, why, manager=facts.package_manager, now=now, held=held)


def system_update(facts: Facts, spec: Spec) -> Step | None:
    """Return the full upgrade of the system that some guides begin with; only on request."""
    return package_steps.upgrade_system(facts.package_manager) if spec.system_update else None
