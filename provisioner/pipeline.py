"""One host, from facts to outcome."""

from __future__ import annotations

import time
from dataclasses import dataclass

from provisioner.errors import (
    BlockedError,
    ConnectError,
    ProvisionerError,
    UnsupportedError,
    VerifyError,
)
from provisioner.execute import OnStep, execute
from provisioner.facts.gather import gather
from provisioner.outcome import Outcome, Status, StepResult
from provisioner.planning.planner import plan, sources_needed
from provisioner.reach import probe
from provisioner.spec import Spec
from provisioner.transports.base import Transport
from provisioner.verify import verify


@dataclass(frozen=True, slots=True)
class Target:
    """A host with the way to reach it and its wanted state."""

    transport: Transport
    spec: Spec
    become_password: str | None = None

    @property
    def name(self) -> str:
        return self.transport.name


def look(target: Target) -> Outcome:
    """Facts and plan; touches nothing. The status is `planned`, or `converged` when there is nothing to do."""
    began = time.monotonic()
    facts = None
    try:
        facts = gather(target.transport, become_password=target.become_password)
        reach = probe(target.transport, sources_needed(facts, target.spec), become_password=target.become_password)
        planned = plan(target.name, facts, reach, target.spec)
    except ProvisionerError as error:
        return Outcome(target.name, _status(error), facts, error=error, timings=_since(began, "look"))
    status: Status = "converged" if planned.empty else "planned"
    checks = verify(facts, target.spec) if planned.empty else ()
    return Outcome(target.name, status, facts, planned, checks=checks, timings=_since(began, "look"))


def change(target: Target, looked: Outcome, *, allow_restart: bool, on_step: OnStep) -> Outcome:
    """Apply the plan that was shown, then check with the facts that the same exec gathered."""
    if looked.plan is None or looked.plan.empty:
        return looked
    began = time.monotonic()
    stops = looked.plan.restart.stops_containers
    results: tuple[StepResult, ...] = ()
    facts = looked.facts
    try:
        if stops and not allow_restart:
            raise BlockedError(  # all errors of a host become its outcome
                f"{looked.plan.restart.why}: a restart would stop {stops} running containers",
                hint="allow it with --allow-restart, or turn live-restore on first",
            )
        run = execute(target.transport, looked.plan, become_password=target.become_password, on_step=on_step)
        results, facts = run.results, run.facts or looked.facts
        if run.error is not None:
            status: Status = "rolled_back" if run.rolled_back else "failed"
            return Outcome(target.name, status, facts, looked.plan, results, (), run.error, _since(began, "change"))
        if run.facts is None:
            raise VerifyError("the host was changed, and gave no facts afterwards")  # as above
        checks = verify(run.facts, target.spec)
        again = plan(target.name, run.facts, (), target.spec)
        failed = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
        failed += [f"still to do: {step.title}" for step in again.steps]
        error = VerifyError("; ".join(failed), hint="run `provisioner plan` to see what is left") if failed else None
        return Outcome(
            target.name,
            "failed" if error else "changed",
            facts,
            looked.plan,
            results,
            checks,
            error,
            _since(began, "change"),
        )
    except ProvisionerError as error:
        return Outcome(target.name, _status(error), facts, looked.plan, results, (), error, _since(began, "change"))


def _status(error: ProvisionerError) -> Status:
    if isinstance(error, ConnectError):
        return "unreachable"
    if isinstance(error, UnsupportedError):
        return "unsupported"
    if isinstance(error, BlockedError):
        return "blocked"
    return "failed"


def _since(began: float, name: str) -> dict[str, float]:
    return {name: time.monotonic() - began}
