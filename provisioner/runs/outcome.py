"""What became of one host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, Literal, cast

from provisioner.errors import BlockedError, ConnectError, DifferenceError, ProvisionerError, UnsupportedError
from provisioner.facts.journal import HostJournal
from provisioner.facts.model import Facts
from provisioner.plan.model import Check, FileDiff, Plan, StepResult

Status = Literal[
    "converged",
    "changed",
    "planned",
    "verified",
    "drifted",
    "failed",
    "rolled_back",
    "unreachable",
    "unsupported",
    "blocked",
    "skipped",
    "cancelled",
]

LOG_KEPT = 4096
"""Characters of a step's log that stay in memory once its host is done; the host has all of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one host. `planned` is the status of a host whose plan was shown and not applied,
    `verified` that of one which `verify` or `status` found as wanted, `drifted` of one that `status` did not.
    """

    host: str
    status: Status
    facts: Facts | None = None
    plan: Plan | None = None
    results: tuple[StepResult, ...] = ()
    checks: tuple[Check, ...] = ()
    error: ProvisionerError | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    """Why a host was left out without an error, why there was nothing to do, or that its engine is stopped."""
    earlier: str = ""
    """What the host's journal says of another attempt at the same run, or of this one."""
    edits: tuple[FileDiff, ...] = ()
    """What others have changed in files that our runs wrote."""

    @property
    def exit_code(self) -> int:
        """The host's share of the process's exit code: 0, or the code of its error."""
        return self.error.exit_code if self.error is not None else 0

    @property
    def succeeded(self) -> bool:
        left_out = self.status == "skipped" and self.error is None
        return left_out or self.status in {"converged", "changed", "planned", "verified"}

    @property
    def failed(self) -> bool:
        """It went wrong here; a host that was not begun has not failed."""
        return not self.succeeded and self.status not in {"skipped", "cancelled"}

    @property
    def changed(self) -> bool:
        """The host is not as it was; also true when a change went through halfway or does not show."""
        if self.status == "rolled_back":
            return False
        return self.status == "changed" or any(result.status == "ok" for result in self.results)

    @property
    def seconds(self) -> float:
        return sum(self.timings.values())

    def light(self) -> Outcome:
        """The same without the parts of the facts that neither `apply` nor a report reads: of those that may be
        absent, only the engine, its daemon.json, the journal and the digest stay.

        A fleet keeps an outcome for every host; what `docker info` says in full, unit files, and the frames that an
        exception's traceback holds would make that hundreds of megabytes for a thousand hosts.
        """
        facts = self.facts
        if facts is not None:
            info = facts.engine.info
            engine = replace(facts.engine, info=replace(info, raw={}) if info else None)
            facts = replace(facts, **_EMPTY_FACTS, engine=engine)
        error: BaseException | None = self.error
        while error is not None:
            error.__traceback__, error = None, error.__cause__ or error.__context__
        return replace(self, facts=facts)

    def finished(self) -> Outcome:
        """`light`, and without what only running the plan needs."""
        plan = self.plan
        if plan is not None:
            plan = replace(plan, steps=tuple(replace(step, params={}) for step in plan.steps))
        light = self.light()
        facts = replace(light.facts, daemon_json=None, journal=HostJournal()) if light.facts else None
        results = tuple(replace(result, log=result.log[-LOG_KEPT:]) for result in self.results)
        return replace(light, facts=facts, plan=plan, results=results)


def status_of(error: ProvisionerError) -> Status:
    """Return the status of a host that ended with `error`."""
    if isinstance(error, DifferenceError):
        return "drifted"
    if isinstance(error, ConnectError):
        return "unreachable"
    if isinstance(error, UnsupportedError):
        return "unsupported"
    if isinstance(error, BlockedError):
        return "blocked"
    return "failed"


def _default(fact: Field[Any]) -> Any:
    return fact.default if fact.default is not MISSING else cast("Callable[[], Any]", fact.default_factory)()


_KEPT = {"daemon_json", "journal", "digest"}
_OPTIONAL = [fact for fact in fields(Facts) if fact.default is not MISSING or fact.default_factory is not MISSING]
_EMPTY_FACTS = {fact.name: _default(fact) for fact in _OPTIONAL if fact.name not in _KEPT} | {"packages": {}}
