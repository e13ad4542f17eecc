"""One host, from facts to outcome: what `plan`, `apply`, `verify` and --proof do there."""

from __future__ import annotations

import time
from dataclasses import replace

from provisioner.checks.after_apply import not_running, verify_checks
from provisioner.checks.mirror_status import overridden
from provisioner.checks.proof import proof_check, proof_plan
from provisioner.checks.single import hosts_toml
from provisioner.errors import TARGET, WANTED, BlockedError, ProvisionerError, VerifyError
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.plan.model import Restart
from provisioner.planner.mirror_change import nothing_to_change
from provisioner.preflight.privilege import require_root, way_to_root
from provisioner.remote.attempt import Attempt
from provisioner.remote.execute import OnStep, execute
from provisioner.remote.gather import gather
from provisioner.remote.progress import unheard
from provisioner.runs import repeat
from provisioner.runs.judgement import checks_of, judged, plan_for
from provisioner.runs.outcome import Outcome, status_of
from provisioner.runs.target import Target


def plan(target: Target, attempt: Attempt | None = None, *, on_step: OnStep = unheard) -> Outcome:
    """Facts and plan; touches nothing. The status is `planned`, or `converged` when there is nothing to do.

    Of a host whose journal has an attempt at the same run, the outcome may be that one's; one that goes on is joined
    first, and `on_step` hears it. See `provisioner.remote.attempt`.
    """
    began = time.monotonic()
    facts = None
    try:
        facts = _facts(target, attempt)
        outcome = None
        if attempt and (entry := repeat.going(attempt, facts.journal)):
            outcome = repeat.joined(target, entry, facts, on_step)
            facts = facts if outcome else _facts(target, attempt)  # it was cut off
        outcome = outcome or _planned(target, attempt, facts)
    except ProvisionerError as error:
        outcome = Outcome(target.name, status_of(error), facts, error=error)
    return replace(outcome, timings=_since(began, "plan"))


def apply(
    target: Target,
    planned: Outcome,
    *,
    allow_restart: bool,
    on_step: OnStep,
    proof: str | None = None,
    attempt: Attempt | None = None,
) -> Outcome:
    """Apply the plan that was shown, then check with the facts that the same exec gathered.

    With `proof`, pull that image afresh at the end; where it came from is a check like the others. `attempt` is the one
    that it was planned for.
    """
    outcome = _applied(target, planned, attempt, allow_restart=allow_restart, on_step=on_step)
    return prove(target, outcome, proof, on_step) if proof and outcome.succeeded else outcome


def change(
    target: Target, attempt: Attempt, *, allow_restart: bool, on_step: OnStep = unheard, proof: str | None = None
) -> Outcome:
    """Plan and apply. The same attempt again changes nothing twice, and has the same outcome."""
    planned = plan(target, attempt, on_step=on_step)
    return apply(target, planned, allow_restart=allow_restart, on_step=on_step, proof=proof, attempt=attempt)


def prove(target: Target, outcome: Outcome, image: str, on_step: OnStep) -> Outcome:
    """Return `outcome` with the check that pulls go through the mirrors of the engine."""
    facts = outcome.facts
    if facts is None or facts.engine.info is None:
        return replace(outcome, status="failed", error=VerifyError("there is no engine here that could pull an image"))
    began, checks = time.monotonic(), outcome.checks
    error: ProvisionerError | None = None
    try:
        require_root(facts, "a proof needs root")
        run = execute(
            target.transport,
            proof_plan(target.name, Host.of(facts), image),
            become_password=target.become_password,
            on_step=on_step,
            command="proof",
        )
        if run.error is not None:
            raise run.error
        check = proof_check(run.proof, facts.engine.info.mirrors, image)
        if not check.passed:
            check = replace(check, detail="; ".join([check.detail, *overridden(Host.of(facts))]))
        checks = (*checks, check)
        if not check.passed:
            error = VerifyError(f"proof: {check.detail}", hint=PROOF_HINT)
    except ProvisionerError as raised:
        error = raised
    status = status_of(error) if error else outcome.status
    timings = {**outcome.timings, **_since(began, "proof")}
    return replace(outcome, status=status, checks=checks, error=error, timings=timings)


def verify(target: Target, *, on_step: OnStep, proof: str | None = None) -> Outcome:
    """Check the host against its wanted state without changing anything; `verified` when all checks pass."""
    began = time.monotonic()
    facts = None
    try:
        facts = gather(target.transport, become_password=target.become_password, brief=True)
        host = Host.of(facts)
        checks = verify_checks(host, target.spec)
        if facts.engine.info and facts.engine.info.mirrors:
            checks += tuple(hosts_toml(host))
    except ProvisionerError as error:
        return Outcome(target.name, status_of(error), facts, error=error, timings=_since(began, "plan"))
    failed = "; ".join(f"{check.name}: {check.detail}" for check in checks if not check.passed)
    hint = f"provisioner plan {TARGET} {WANTED} shows what apply would do"
    outcome = Outcome(
        target.name,
        "failed" if failed else "verified",
        facts,
        checks=checks,
        error=VerifyError(failed, hint=hint) if failed else None,
        timings=_since(began, "plan"),
    )
    return prove(target, outcome, proof, on_step) if proof and outcome.succeeded else outcome


def _facts(target: Target, attempt: Attempt | None) -> Facts:
    return target.gather(engine_alone=_engine_alone(target), runs=attempt.runs if attempt else ())


def _engine_alone(target: Target) -> bool:
    """What is wanted changes neither packages nor accounts."""
    return not target.spec.install and not target.removal


def _planned(target: Target, attempt: Attempt | None, facts: Facts) -> Outcome:
    if attempt and (same := repeat.told(target, attempt, facts)):
        return same
    host = Host.of(facts)
    try:
        planned = plan_for(target, host)
    except BlockedError:
        if target.kept is None or attempt is None or not facts.journal.of(attempt.runs):
            raise
        planned = plan_for(replace(target, kept=None), host)  # this run may be what has changed the host
        if not planned.empty:
            raise
    if attempt and planned.empty and (before := repeat.done_before(target, attempt, facts)):
        return before
    outcome = Outcome(target.name, "planned", facts, planned)
    if not planned.empty:
        return replace(outcome, earlier=repeat.earlier(attempt, facts.journal) if attempt else "")
    checks = checks_of(target, host)
    if failed := "; ".join(f"{check.name}: {check.detail}" for check in checks if not check.passed):
        asked = facts.as_root or facts.engine.info is not None
        hint = "nothing is left to write there, and yet it is not as wanted" if asked else way_to_root(facts)
        return replace(outcome, status="failed", checks=checks, error=VerifyError(failed, hint=hint))
    note = "" if target.removal else nothing_to_change(target.spec)
    return replace(outcome, status="converged", checks=checks, note=note or not_running(host, target.spec))


def _applied(
    target: Target, planned: Outcome, attempt: Attempt | None, *, allow_restart: bool, on_step: OnStep
) -> Outcome:
    if planned.status != "planned" or planned.plan is None:
        return planned
    began = time.monotonic()
    stops = planned.plan.restart.stops_containers
    run = None
    try:
        if stops and not allow_restart:
            raise _blocked(planned.plan.restart)  # caught below, like every error of this host
        run = execute(
            target.transport,
            planned.plan,
            become_password=target.become_password,
            on_step=on_step,
            attempt=attempt and repeat.in_view_of(attempt, planned.facts),
            facts=planned.facts.digest if planned.facts else "",
            engine_alone=_engine_alone(target),
        )
        outcome = judged(target, repeat.heard(planned, run), run)
    except ProvisionerError as error:
        facts, results = (run.facts, run.results) if run else (None, ())
        outcome = Outcome(
            target.name,
            status_of(error),
            facts or planned.facts,
            planned.plan,
            results,
            error=error,
            earlier=planned.earlier,
        )
    return replace(outcome, timings=_since(began, "apply"))


def _blocked(restart: Restart) -> BlockedError:
    stops = restart.stops_containers
    if restart.how == "stop":
        return BlockedError(
            f"{restart.why}: that stops {stops} running containers", hint="allow it with --allow-restart"
        )
    return BlockedError(
        f"{restart.why}: a restart would stop {stops} running containers",
        hint="allow it with --allow-restart, or turn live-restore on first",
    )


PROOF_HINT = f"provisioner mirror probe {TARGET} asks the mirrors themselves"


def _since(began: float, name: str) -> dict[str, float]:
    return {name: time.monotonic() - began}
