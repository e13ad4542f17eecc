"""What is to be done on a host, and what is said of it once something was."""

from __future__ import annotations

from dataclasses import replace

from provisioner.checks.after_apply import not_running, verify_checks
from provisioner.errors import (
    TARGET,
    WANTED,
    ApplyError,
    BlockedError,
    DaemonConfigurationError,
    UnsupportedError,
    VerifyError,
)
from provisioner.facts.host import Host
from provisioner.facts.losses import Losses, losses_in
from provisioner.mirror_probe.before_writing import probe_warnings, refuse_hopeless
from provisioner.plan.model import Check, Plan
from provisioner.planner import planner
from provisioner.remote import source_probe
from provisioner.remote.ask_host import ask_host
from provisioner.remote.execute import RunResult
from provisioner.remote.gather import gather
from provisioner.remote.script_fetch import fetch_script
from provisioner.removal.removal import plan_removal, removal_checks
from provisioner.runs.mirrors import new_mirrors
from provisioner.runs.outcome import Outcome, Status
from provisioner.runs.target import Target
from provisioner.sources.reach import SourceReach

LOSSES_TIMEOUT = 600.0


def judged(target: Target, planned: Outcome, run: RunResult) -> Outcome:
    """What became of a host after `run`, which was to carry out the plan of `planned`.

    Raises:
        ProvisionerError: it gave no facts afterwards, or cannot be asked for more.
    """
    facts, plan = run.facts or planned.facts, planned.plan
    if run.error is not None:
        status: Status = "rolled_back" if run.rolled_back else "failed"
        return Outcome(target.name, status, facts, plan, run.results, error=run.error, earlier=planned.earlier)
    if run.facts is None:
        raise VerifyError("the host was changed, and gave no facts afterwards")
    # Where the data lay is none of the facts of a run's own end, which are brief.
    after = Host.of(gather(target.transport, become_password=target.become_password) if target.removal else run.facts)
    checks = checks_of(target, after)
    again = _plan_again(target, after)
    if plan and not plan.platform:  # it is told by the host's journal, which has the steps alone
        plan = replace(plan, platform=again.platform, strategy=again.strategy)
    failed = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
    failed += [f"still to do: {step.title}" for step in again.steps]
    hint = "run the same command again" if target.removal else f"provisioner plan {TARGET} shows what is left"
    error = VerifyError("; ".join(failed), hint=hint) if failed else None
    return Outcome(
        target.name,
        "failed" if error else "changed",
        facts,
        plan,
        run.results,
        checks,
        error,
        note=not_running(after, target.spec),
        earlier=planned.earlier,
    )


def plan_for(target: Target, host: Host, *, asks: bool = True) -> Plan:
    """The plan for a host, or the one that is kept of it; unless it `asks`, what only the host's surroundings know is
    left out of it.

    Raises:
        BlockedError: the host is not as it was when its plan was kept.
    """
    if target.kept and asks:
        return target.kept.plan_for(host.facts, target.spec.users)
    if target.removal:
        losses = _losses(target, host.facts.storage.data_root) if target.removal == "purge" else None
        return plan_removal(target.name, host, losses, remove_dependents=target.spec.remove_dependents)
    planned = planner.plan(target.name, host, reach_of(target, host) if asks else (), target.spec)
    if planned.empty or target.force or not asks:
        return planned
    judged = new_mirrors(target, host)
    refuse_hopeless(target.name, judged)
    return replace(planned, warnings=(*planned.warnings, *probe_warnings(judged)))


def reach_of(target: Target, host: Host) -> tuple[SourceReach, ...]:
    """What package sources, and the place of the installation script, answer this host; nothing where none is needed.

    Raises:
        ConnectError: the host cannot be asked.
        ProvisionerError: see `planner.questions`.
    """
    asked, become = planner.questions(host, target.spec), target.become_password
    reach = source_probe.probe_sources(target.transport, asked.sources, become_password=become)
    return (*reach, fetch_script(target.transport, target.spec, become_password=become)) if asked.script else reach


def _plan_again(target: Target, host: Host) -> Plan:
    """What is left to do after a change.

    Raises:
        VerifyError: that cannot be planned.
    """
    try:
        return plan_for(target, host, asks=False)
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


def checks_of(target: Target, host: Host) -> tuple[Check, ...]:
    """Whether the host is as wanted."""
    if target.removal:
        return removal_checks(host.facts, purged=target.removal == "purge")
    return verify_checks(host, target.spec)
