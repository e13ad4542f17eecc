"""Run a rendered plan on a host, and turn its markers into results while they stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from provisioner.errors import (
    ApplyError,
    BlockedError,
    ConnectError,
    ConnectionLostError,
    FactsError,
    FileChangedError,
    PrivilegeError,
    ProvisionerError,
)
from provisioner.facts.frames import new_nonce
from provisioner.facts.journal import Entry
from provisioner.facts.login import way_of
from provisioner.facts.model import Facts
from provisioner.host_files.lines import lines
from provisioner.plan.model import Plan, StepResult
from provisioner.remote.attempt import Attempt, holder, new_attempt, opening
from provisioner.remote.gather import gather, parse_answer
from provisioner.remote.progress import OnStep, RunProgress, unheard
from provisioner.remote.watched import Watched
from provisioner.scripts.render import apply_script, follow_script, launch_script
from provisioner.transports.base import Transport

__all__ = ["OnStep", "RunResult", "execute"]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run left: `facts` are gathered by the same exec after its end; None if that did not work."""

    results: tuple[StepResult, ...]
    facts: Facts | None
    error: ProvisionerError | None
    rolled_back: bool
    proof: tuple[str, ...] = ()
    """The daemon's log lines of a pull; see `provisioner.checks.proof`."""
    joined: str = ""
    """The attempt that was under way on the host, or ended already, whose end this is; "" when it is this one's."""


def execute(
    transport: Transport,
    plan: Plan,
    *,
    become_password: str | None,
    on_step: OnStep,
    attempt: Attempt | None = None,
    command: str = "",
    facts: str = "",
    engine_alone: bool = False,
) -> RunResult:
    """Apply `plan`. A lost connection is joined again; the run on the host does not depend on it.

    None for `attempt` is `command` in a run of its own, which nobody repeats; the host may know another one already,
    see `attempt.py`. `facts` is the digest of those that `plan` rests on; those of its end tell of packages and
    accounts unless `engine_alone`.

    Raises:
        BlockedError: somebody else's run, or a package manager, holds a lock.
        ConnectError: the host could not be reached again, or said more than it may; what is known of the run is in
            the message.
    """
    nonce = new_nonce()
    if attempt is None:
        attempt = new_attempt(time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + nonce[:6], command)
    script = launch_script(
        apply_script(plan),
        nonce,
        run=attempt.name,
        holder=holder(attempt),
        entry=opening(attempt, plan, facts),
        asked=attempt.runs,
        known=attempt.seen,
        engine_alone=engine_alone,
        become_password=become_password,
        become_method=transport.become_method,
    )
    watched = Watched(transport, attempt.name, RunProgress(plan, nonce, on_step), become_password)
    try:
        completed = watched.hear(script)
    except ConnectionLostError as lost:
        completed = watched.join_again(lost)
        if "refused" in watched.progress.said:
            return RunResult(watched.heard, None, watched.out_of_sight(lost), rolled_back=False)
    again = partial(gather, transport, become_password=become_password, brief=True, engine_alone=engine_alone)
    return _result(plan, watched.progress, completed.stdout, completed.stderr, again)


def join(transport: Transport, plan: Plan, name: str, *, become_password: str | None, on_step: OnStep) -> RunResult:
    """Hear the attempt `name`, with the steps of `plan`, which goes on at the host, to its end.

    Raises:
        BlockedError, ConnectError: as `execute`.
    """
    nonce = new_nonce()
    watched = Watched(transport, name, RunProgress(plan, nonce, on_step, joined=name), become_password)
    try:
        method = transport.become_method
        completed = watched.hear(follow_script(nonce, run=name, become_password=become_password, become_method=method))
    except ConnectionLostError as lost:
        completed = watched.join_again(lost)
    again = partial(gather, transport, become_password=become_password, brief=True)
    return _result(plan, watched.progress, completed.stdout, completed.stderr, again)


def recorded(plan: Plan, entry: Entry, facts: Facts) -> RunResult:
    """What an attempt left that has ended, by its entry in the host's journal; `facts` are the present ones.

    Raises:
        BlockedError: somebody else held a lock.
    """
    progress = RunProgress(plan, _JOURNAL, unheard, joined=entry.name)
    for said in entry.said:
        progress.line(f"@@{_JOURNAL} {said}")
    return replace(_result(plan, progress, "", ""), facts=facts)


_JOURNAL = "journal"


def _result(
    plan: Plan, progress: RunProgress, stdout: str, stderr: str, again: Callable[[], Facts] | None = None
) -> RunResult:
    results = tuple(progress.results.get(step.id, StepResult(step.id, "not run")) for step in plan.steps)
    if progress.joined:  # perhaps with other steps
        results = tuple(progress.results.values())
        stdout = progress.as_own(stdout)
    locked, left = progress.last("locked"), progress.last("left")
    rollback = progress.last("rollback")
    if locked is not None and (rollback == "done" or all(result.status != "ok" for result in results)):
        raise BlockedError(
            f"locked: {locked or 'somebody else'}", hint="wait until it has ended, then run the same command again"
        )
    if "refused" in progress.said:
        raise PrivilegeError(
            f"{way_of(progress.last('refused') or '')[1]} refused on {plan.host}; nothing was changed",
            hint="give the password with -K, or log in as root",
        )
    facts, error = _facts(stdout, stderr, progress.nonce, again) if left is not None else (None, None)
    if progress.last("finished") == "0":
        proof = tuple(progress.said.get("proof", ()))
        return RunResult(results, facts, error, rolled_back=False, proof=proof, joined=progress.joined)
    failed = next((result for result in results if result.status == "failed"), None)
    tail = "\n".join(lines(failed.log if failed else stderr.strip())[-10:])
    errors = [*([f"locked: {locked}"] if locked is not None else []), *progress.said.get("error", ())]
    what = "; ".join(errors) or (tail if failed is None else f"step {failed.id} failed")
    message = "\n".join([what or "the run stopped without a word", *progress.said.get("daemon", ())])
    if rollback == "failed":
        message += "\nThe way back failed as well; the earlier files are in the run's backup directory on the host."
    log = f"log: /var/lib/provisioner/runs/ on {plan.host}"
    error = ApplyError(message, hint=f"{log}\n{tail}" if tail and failed else log)
    return RunResult(results, facts, error, rolled_back=rollback == "done", joined=progress.joined)


def _facts(
    stdout: str, stderr: str, nonce: str, again: Callable[[], Facts] | None
) -> tuple[Facts | None, ProvisionerError | None]:
    """What the host is like after the run, asked `again` where a file changed while it told that; that it cannot be
    told takes nothing away from the run's results.
    """
    try:
        try:
            return parse_answer(stdout, stderr, nonce), None
        except FileChangedError:
            if again is None:
                raise
            return again(), None
    except (FactsError, ConnectError) as error:
        return None, error
