"""How it went on one host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from provisioner.errors import ProvisionerError
from provisioner.facts.model import Facts
from provisioner.planning.model import Plan

Status = Literal[
    "converged",
    "changed",
    "planned",
    "verified",
    "failed",
    "rolled_back",
    "unreachable",
    "unsupported",
    "blocked",
    "skipped",
    "cancelled",
]


@dataclass(frozen=True, slots=True)
class StepResult:
    """`seconds` is the host's own clock; `log` is what the step printed."""

    id: str
    status: Literal["ok", "failed", "not run"]
    seconds: float = 0.0
    log: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at after the fact."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one host. `planned` is the status of a host whose plan was shown and not applied,
    `verified` that of one which `verify` found as wanted.
    """

    host: str
    status: Status
    facts: Facts | None = None
    plan: Plan | None = None
    results: tuple[StepResult, ...] = ()
    checks: tuple[Check, ...] = ()
    error: ProvisionerError | None = None
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """The host's share of the process's exit code: 0, or the code of its error."""
        return self.error.exit_code if self.error is not None else 0

    @property
    def succeeded(self) -> bool:
        return self.status in {"converged", "changed", "planned", "verified"}

    @property
    def seconds(self) -> float:
        return sum(self.timings.values())
