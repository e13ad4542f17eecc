"""One host, from facts to outcome: what `plan`, `apply`, `verify` and --proof do there."""

from __future__ import annotations

import time
from dataclasses import replace

from provisioner.checks.after_apply import not_running, verify_checks
from provisioner.checks.mirror_status import overridden
from provisioner.checks.proof import proof_check, proof_plan
from provisioner.checks.single import hosts_toml
from provisioner.errors import (
    TARGET,
    WANTED,
    ApplyError,
    BlockedError,
    DaemonConfigurationError,
    ProvisionerError,
    UnsupportedError,
    VerifyError,
)
from provisioner.facts.host import Host
from provisioner.facts.losses import Losses, losses_in
from provisioner.mirror_probe.before_writing import probe_warnings, refuse_hopeless
from provisioner.plan.model import Check, Plan, Restart, StepResult
from provisioner.planner import planner
from provisioner.planner.mirror_change import nothing_to_change
from provisioner.preflight.privilege import require_root, way_to_root
from provisioner.remote import source_probe
from provisioner.remote.ask_host import ask_host
from provisioner.remote.execute import OnStep, execute
from provisioner.remote.gather import gather
from provisioner.remote.script_fetch import fetch_script
from provisioner.removal.removal import plan_removal, removal_checks
from provisioner.runs.mirrors import new_mirrors
from provisioner.runs.outcome import Outcome, Status, status_of
from provisioner.runs.target import Target
from provisioner.strategies.strategy import Questions

LOSSES_TIMEOUT = 600.0


def plan(target: Target) -> Outcome:
    """Facts and plan; touches nothing. The status is `planned`, or `converged` when there is nothing to do."""
    began = time.monotonic()
    facts = None
    try:
        become, users = target.become_password, target.spec.users
        alone = not target.spec.install and not target.removal
        facts = gather(target.transport, become_password=become, engine_alone=alone, users=users)
        host = Host.of(facts)
        planned = _planned(target, host)
    except ProvisionerError as error:
        return Outcome(target.name, status_of(error), facts, error=error, timings=_since(began, "plan"))
    status: Status = "converged" if planned.empty else "planned"
    checks = _checks(target, host) if planned.empty else ()
    if failed := "; ".join(f"{check.name}: {check.detail}" for check in checks if not check.passed):
        asked = facts.as_root or facts.engine.info is not None
        hint = "nothing is left to write there, and yet it is not as wanted" if asked else way_to_root(facts)
        unlike = VerifyError(failed, hint=hint)
        return Outcome(
            target.name, "failed", facts, planned, checks=checks, error=unlike, timings=_since(began, "plan")
        )
    note = nothing_to_change(target.spec) if planned.empty and not target.removal else ""
    return Outcome(
        target.name,
        status,
        facts,
        planned,
        checks=checks,
        timings=_since(began, "plan"),
        note=note or not_running(host, target.spec),
    )


def apply(
    target: Target, planned: Outcome, *, allow_restart: bool, on_step: OnStep, proof: str | None = None
) -> Outcome:
    """Apply the plan that was shown, then check with the facts that the same exec gathered.

    With `proof`, pull that image afresh at the end; where it came from is a check like the others.
    """
    outcome = _applied(target, planned, allow_restart=allow_restart, on_step=on_step)
    return prove(target, outcome, proof, on_step) if proof and outcome.succeeded else outcome


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
        )
        if run.error is not None:
            raise run.error
        check = proof_check(run.proof, facts.engine.info.mirrors, image)
        if not check.passed:
            check = replace(check, detail="; ".join([check.detail, *overridden(Host.of(facts))]))
        checks = (*checks, check)
        if not check.passed:
            error = VerifyError(f"proof: {check.detail}", hint=_PROOF_HINT)
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


def _applied(target: Target, planned: Outcome, *, allow_restart: bool, on_step: OnStep) -> Outcome:
    if planned.plan is None or planned.plan.empty:
        return planned
    began = time.monotonic()
    stops = planned.plan.restart.stops_containers
    results: tuple[StepResult, ...] = ()
    facts = planned.facts
    try:
        if stops and not allow_restart:
            raise _blocked(planned.plan.restart)  # caught below, like every error of this host
        run = execute(target.transport, planned.plan, become_password=target.become_password, on_step=on_step)
        results, facts = run.results, run.facts or planned.facts
        if run.error is not None:
            status: Status = "rolled_back" if run.rolled_back else "failed"
            return Outcome(target.name, status, facts, planned.plan, results, (), run.error, _since(began, "apply"))
        if run.facts is None:
            raise VerifyError("the host was changed, and gave no facts afterwards")  # caught below too
        # Where the data lay is none of the facts of a run's own end, which are brief.
        after = Host.of(
            gather(target.transport, become_password=target.become_password) if target.removal else run.facts
        )
        checks = _checks(target, after)
        again = _planned_again(target, after)
        failed = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
        failed += [f"still to do: {step.title}" for step in again.steps]
        hint = "run the same command again" if target.removal else f"provisioner plan {TARGET} shows what is left"
        error = VerifyError("; ".join(failed), hint=hint) if failed else None
        return Outcome(
            target.name,
            "failed" if error else "changed",
            facts,
            planned.plan,
            results,
            checks,
            error,
            _since(began, "apply"),
            not_running(after, target.spec),
        )
    except ProvisionerError as error:
        return Outcome(target.name, status_of(error), facts, planned.plan, results, (), error, _since(began, "apply"))


def _planned(target: Target, host: Host, *, asks: bool = True) -> Plan:
    if target.removal:
        losses = _losses(target, host.facts.storage.data_root) if target.removal == "purge" else None
        return plan_removal(target.name, host, losses, remove_dependents=target.spec.remove_dependents)
    asked = planner.questions(host, target.spec) if asks else Questions()
    become = target.become_password
    reach = source_probe.probe_sources(target.transport, asked.sources, become_password=become)
    if asked.script:
        reach = (*reach, fetch_script(target.transport, target.spec, become_password=become))
    planned = planner.plan(target.name, host, reach, target.spec)
    if planned.empty or target.force or not asks:
        return planned
    judged = new_mirrors(target, host)
    refuse_hopeless(target.name, judged)
    return replace(planned, warnings=(*planned.warnings, *probe_warnings(judged)))


def _planned_again(target: Target, host: Host) -> Plan:
    """What is left to do after a change.

    Raises:
        VerifyError: that cannot be planned.
    """
    try:
        return _planned(target, host, asks=False)
    except (ApplyError, BlockedError, DaemonConfigurationError, UnsupportedError) as error:
        raise VerifyError(
            f"it was changed, and is not as wanted afterwards: {error.after_a_change}",
            hint=f"provisioner plan {TARGET} {WANTED} shows what is left",
        ) from error


def _losses(target: Target, data_root: str) -> Losses:
    """Asking takes as long as a walk through the data."""
    answer = ask_host(
        target.transport,
        "losses.sh.j2",
        become_password=target.become_password,
        timeout=LOSSES_TIMEOUT,
        data_root=data_root,
    )
    return losses_in(answer, data_root)


def _checks(target: Target, host: Host) -> tuple[Check, ...]:
    if target.removal:
        return removal_checks(host.facts, purged=target.removal == "purge")
    return verify_checks(host, target.spec)


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


_PROOF_HINT = f"provisioner mirror probe {TARGET} asks the mirrors themselves"


def _since(began: float, name: str) -> dict[str, float]:
    return {name: time.monotonic() - began}
