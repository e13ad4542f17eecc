"""One host compared with what it should be: what `provisioner status` does."""

from __future__ import annotations

import time

from provisioner.checks.drift import edits, status_checks
from provisioner.checks.ways_back import ways_back
from provisioner.errors import DifferenceError, ProvisionerError
from provisioner.facts.host import Host
from provisioner.facts.last_run import last_run
from provisioner.facts.model import Facts
from provisioner.mirror_probe.judge import Judged, judge
from provisioner.planner.record import record_plan
from provisioner.remote import mirror_probe
from provisioner.remote.execute import execute
from provisioner.remote.gather import gather
from provisioner.remote.progress import unheard
from provisioner.runs.outcome import Outcome, Status, status_of
from provisioner.runs.target import Target


def status(target: Target, *, probes: bool = False, accept: bool = False) -> Outcome:
    """Look for drift without changing anything: `verified`, or `drifted` with every difference in the error.

    With `probes`, the host asks its mirrors. With `accept`, files and version as they are become what later looks
    compare with.
    """
    began = time.monotonic()
    facts = None
    try:
        facts = gather(target.transport, become_password=target.become_password, brief=True, users=target.spec.users)
        if accept:
            facts = _accepted(target, facts)
        mirrors = facts.engine.info.mirrors if probes and facts.engine.info else ()
        judged = _judged(target, mirrors) if mirrors else ()
        host = Host.of(facts)
        checks = status_checks(target.name, host, target.spec, judged)
    except ProvisionerError as raised:
        return Outcome(target.name, status_of(raised), facts, error=raised, timings=_since(began))
    found = "\n".join(f"{check.name}: {check.detail}" for check in checks if not check.passed)
    error = DifferenceError(found, hint=ways_back(host, target.spec, checks)) if found else None
    state: Status = "drifted" if found else "verified"
    return Outcome(
        target.name,
        state,
        facts,
        checks=checks,
        error=error,
        timings=_since(began),
        note=f"last run: {said}" if (said := last_run(facts.journal)) else "",
        edits=edits(host),
    )


def _judged(target: Target, mirrors: tuple[str, ...]) -> tuple[Judged, ...]:
    asked = mirror_probe.probe_mirrors(target.transport, mirrors, become_password=target.become_password, reference="")
    return judge(asked)


def _accepted(target: Target, facts: Facts) -> Facts:
    planned = record_plan(target.name, facts)
    if planned.empty:
        return facts
    run = execute(
        target.transport,
        planned,
        become_password=target.become_password,
        on_step=unheard,
        command="status --accept",
        facts=facts.digest,
    )
    if run.error is not None:
        raise run.error
    return run.facts or facts


def _since(began: float) -> dict[str, float]:
    return {"status": time.monotonic() - began}
