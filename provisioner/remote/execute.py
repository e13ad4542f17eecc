"""Run a rendered plan on a host, and turn its markers into results while they stream."""

from __future__ import annotations

import getpass
import os
import platform
import time
from dataclasses import dataclass

from provisioner.errors import (
    AnswerTooLongError,
    ApplyError,
    BlockedError,
    ConnectError,
    ConnectionLostError,
    FactsError,
    PrivilegeError,
    ProvisionerError,
)
from provisioner.facts.frames import new_nonce
from provisioner.facts.login import way_of
from provisioner.facts.model import Facts
from provisioner.host_files.lines import lines
from provisioner.plan.model import Plan, StepResult
from provisioner.remote.answer import no_longer
from provisioner.remote.gather import parse_answer
from provisioner.remote.progress import OnStep, RunProgress
from provisioner.scripts.render import apply_script, follow_script, launch_script
from provisioner.transports import limits
from provisioner.transports.base import Completed, Transport

__all__ = ["OnStep", "RunResult", "execute"]

TIMEOUT = limits.RUN + limits.WAY_BACK + 300.0
"""Seconds, with all rejoins: a run has ended by then, or its host does not answer any more."""

REJOINS = 5


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run left: `facts` are gathered by the same exec after its end; None if that did not work."""

    results: tuple[StepResult, ...]
    facts: Facts | None
    error: ProvisionerError | None
    rolled_back: bool
    proof: tuple[str, ...] = ()
    """The daemon's log lines of a pull; see `provisioner.checks.proof`."""


def execute(transport: Transport, plan: Plan, *, become_password: str | None, on_step: OnStep) -> RunResult:
    """Apply `plan`. A lost connection is joined again; the run on the host does not depend on it.

    Raises:
        BlockedError: somebody else's run, or a package manager, holds a lock.
        ConnectError: the host could not be reached again, or said more than it may; what is known of the run is in
            the message.
    """
    nonce = new_nonce()
    run = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + nonce[:6]
    holder = f"{getpass.getuser()}@{platform.node()} since {time.strftime('%F %T %Z')} (pid {os.getpid()}, run {run})"
    script = launch_script(
        apply_script(plan),
        nonce,
        run=run,
        holder=holder,
        become_password=become_password,
        become_method=transport.become_method,
    )
    watched = _Watched(transport, run, RunProgress(plan, nonce, on_step), become_password)
    try:
        completed = watched.hear(script)
    except ConnectionLostError as lost:
        completed = watched.join_again(lost)
        if "refused" in watched.progress.said:
            return RunResult(watched.heard, None, watched.out_of_sight(lost), rolled_back=False)
    return _result(plan, watched.progress, completed.stdout, completed.stderr)


class _Watched:
    """A run on a host, and what was heard of it over the connections so far."""

    def __init__(self, transport: Transport, run: str, progress: RunProgress, become_password: str | None) -> None:
        self.progress = progress
        self.heard = progress.heard
        self._transport, self._run, self._become_password = transport, run, become_password
        self._deadline = time.monotonic() + TIMEOUT

    def hear(self, script: str) -> Completed:
        """Run `script`, which tells the run from its start, to its end.

        Raises:
            ConnectError: there was no connection, or it broke; AnswerTooLongError says what is known of the run.
        """
        self.progress.begin()
        try:
            remaining = self._deadline - time.monotonic()
            listener = no_longer(self.progress.host, self.progress.line)
            return self._transport.run(script, timeout=remaining, on_line=listener)
        except AnswerTooLongError as over:
            raise self._left_alone(over) from over
        finally:
            self.heard = max(self.heard, self.progress.heard, key=_begun)

    def join_again(self, lost: ConnectionLostError) -> Completed:
        """Hear the run to its end although the connection broke.

        Raises:
            ConnectionLostError: the host stays away, says more than it may, or has never begun the run.
        """
        if isinstance(lost, AnswerTooLongError):
            raise lost
        for attempt in range(REJOINS):
            time.sleep(2**attempt)
            if time.monotonic() >= self._deadline:
                break
            method = self._transport.become_method
            script = follow_script(
                self.progress.nonce, run=self._run, become_password=self._become_password, become_method=method
            )
            try:
                completed = self.hear(script)
            except AnswerTooLongError:
                raise
            except ConnectError:
                continue
            if "unknown-run" in self.progress.said:
                raise ConnectionLostError(
                    f"{lost.message}. The run had not begun on the host, and will not; nothing was changed",
                    hint="run the command again",
                ) from lost
            return completed
        raise self._left_alone(lost) from lost

    def out_of_sight(self, lost: ConnectionLostError) -> PrivilegeError:
        """The account that began the run may not become root any more."""
        return PrivilegeError(
            f"{lost.message}. {self._whereabouts()}; {self.refused} refuses now, so what became of it was not seen",
            hint=f"give the account its {self.refused} again, or log in as root, and look at {self._log}",
        )

    @property
    def refused(self) -> str:
        """Who has said that this account may not become root."""
        return way_of(self.progress.last("refused") or "")[1]

    def _left_alone(self, cause: ConnectionLostError) -> ConnectionLostError:
        look = f"look at {self._log} on the host, or run the same command again"
        hint = f"{cause.hint}; {look}" if cause.hint else look
        return type(cause)(f"{cause.message}. {self._whereabouts()}", hint=hint)

    def _whereabouts(self) -> str:
        if _begun(max(self.heard, self.progress.heard, key=_begun)):
            return f"The run {self._run} goes on there by itself"
        return f"Whether the run {self._run} has begun there was not heard; if it has, it goes on by itself"

    @property
    def _log(self) -> str:
        return f"/var/lib/provisioner/runs/{self._run}/log"


def _begun(heard: tuple[StepResult, ...]) -> int:
    """The number of steps that are known to have begun."""
    return sum(result.status != "not run" for result in heard)


def _result(plan: Plan, progress: RunProgress, stdout: str, stderr: str) -> RunResult:
    results = tuple(progress.results.get(step.id, StepResult(step.id, "not run")) for step in plan.steps)
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
    facts, error = _facts(stdout, stderr, progress.nonce) if left is not None else (None, None)
    if progress.last("finished") == "0":
        return RunResult(results, facts, error, rolled_back=False, proof=tuple(progress.said.get("proof", ())))
    failed = next((result for result in results if result.status == "failed"), None)
    tail = "\n".join(lines(failed.log if failed else stderr.strip())[-10:])
    errors = [*([f"locked: {locked}"] if locked is not None else []), *progress.said.get("error", ())]
    what = "; ".join(errors) or (tail if failed is None else f"step {failed.id} failed")
    message = "\n".join([what or "the run stopped without a word", *progress.said.get("daemon", ())])
    if rollback == "failed":
        message += "\nThe way back failed as well; the earlier files are in the run's backup directory on the host."
    log = f"log: /var/lib/provisioner/runs/ on {plan.host}"
    error = ApplyError(message, hint=f"{log}\n{tail}" if tail and failed else log)
    return RunResult(results, facts, error, rolled_back=rollback == "done")


def _facts(stdout: str, stderr: str, nonce: str) -> tuple[Facts | None, ProvisionerError | None]:
    """What the host is like after the run; that it cannot be told takes nothing away from the run's results."""
    try:
        return parse_answer(stdout, stderr, nonce), None
    except FactsError as error:
        return None, error
