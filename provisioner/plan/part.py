"""A plan is an ordered tuple of parts, each about one thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from provisioner.plan.model import Restart, Step

_STRENGTH = ("none", "start", "reload", "restart", "stop")


@dataclass(frozen=True, slots=True)
class Part:
    """What one subject adds to a plan; nothing at all, where the host is as wanted."""

    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    restart: Restart = field(default_factory=lambda: Restart("none"))


def part(*steps: Step | None, warnings: Iterable[str] = (), restart: Restart | None = None) -> Part:
    """Return the part of those `steps` that are needed."""
    return Part(tuple(step for step in steps if step), tuple(warnings), restart or Restart("none"))


def joined(parts: Iterable[Part]) -> Part:
    """Return all steps and warnings in order, with the restart that interrupts most; of equal ones the first."""
    parts = tuple(parts)
    return Part(
        tuple(step for each in parts for step in each.steps),
        tuple(warning for each in parts for warning in each.warnings),
        max(
            (each.restart for each in parts), key=lambda restart: _STRENGTH.index(restart.how), default=Restart("none")
        ),
    )
