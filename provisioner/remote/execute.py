"""Run a rendered plan on a host, and turn its markers into results while they stream."""

from __future__ import annotations

import getpass
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass

from provisioner.errors import (
    ApplyError,
    BlockedError,
    ConnectError,
    ConnectionLostError,
    PrivilegeError,
    ProvisionerError,
)
from provisioner.facts.frames import marker, new_nonce
from provisioner.facts.model import Facts
from provisioner.plan.model import Plan, Step, StepResult
from provisioner.remote.gather import parse_answer
from provisioner.scripts.render import apply_script, follow_script, launch_script
from provisioner.transports.base import Transport

TIMEOUT = 3600.0
"""Seconds; package managers behind slow links take long, and the host goes on by itself anyway."""

REJOINS = 5
OnStep = Callable[[Step, str], None]
"""Called with a step and "start", "ok", "fail", or a note such as who holds a lock."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left: `facts` are gathered by the same exec after its end; None if that did not work."""

    results: tuple[StepResult, ...]
    facts: Facts | None
    error: ProvisionerError | None
    rolled_back: bool
    proof: tuple[str, ...] = ()
    """The daemon's log lines of a pull; see `provisioner.checks.proof`."""


class _Progress:
    """The state of a run as its markers tell it. `said` keeps the markers that only the end needs, by verb."""

    def __init__(self, plan: Plan, nonce: str, on_step: OnStep) -> None:
        self.steps = {step.id: step for step in plan.steps}
        self.nonce, self.on_step = nonce, on_step
        self.told: set[tuple[str, str]] = set()
        self.begin()

    def begin(self) -> None:
        """Forget what was heard: a run that is joined again is told from its start."""
        self.results: dict[str, StepResult] = {}
        self.current = ""
        self.log: list[str] = []
        self.said: dict[str, list[str]] = {}

    def line(self, line: str) -> None:
        mark = marker(line, self.nonce)
        if mark is None:
            self.log.append(line)
            return
        verb, rest = mark
        if verb == "start":
            self.current, self.log = rest, []
            self._tell("start")
        elif verb in {"ok", "fail"}:
            name, _, number = rest.partition(" ")
            seconds = float(number) if verb == "ok" and number.isdigit() else 0.0
            status = "ok" if verb == "ok" else "failed"
            self.results[name] = StepResult(name, status, seconds, "\n".join(self.log).strip())  # type: ignore[arg-type] # one of two literals
            self._tell(verb)
        elif verb == "note":
            self._tell(rest)
        else:
            self.said.setdefault(verb, []).append(rest)

    def last(self, verb: str) -> str | None:
        """What the last marker `verb` said; None when there was none."""
        return self.said[verb][-1] if verb in self.said else None

    def _tell(self, what: str) -> None:
        if self.current in self.steps and (self.current, what) not in self.told:
            self.told.add((self.current, what))
            self.on_step(self.steps[self.current], what)


def execute(transport: Transport, plan: Plan, *, become_password: str | None, on_step: OnStep) -> Run:
    """Apply `plan`. A lost connection is joined again; the run on the host does not depend on it.

    Raises:
        BlockedError: somebody else's run, or a package manager, holds a lock.
        ConnectError: the host could not be reached again; whether the run went through is said in the message.
    """
    nonce = new_nonce()
    run = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + nonce[:6]
    holder = f"{getpass.getuser()}@{platform.node()} since {time.strftime('%F %T %Z')} (pid {os.getpid()}, run {run})"
    script = launch_script(apply_script(plan), nonce, run=run, holder=holder, become_password=become_password)
    progress = _Progress(plan, nonce, on_step)
    stdout, stderr = _until_ended(transport, script, progress, run, become_password)
    return _judge(plan, progress, stdout, stderr)


def _until_ended(
    transport: Transport, script: str, progress: _Progress, run: str, become_password: str | None
) -> tuple[str, str]:
    try:
        completed = transport.run(script, timeout=TIMEOUT, on_line=progress.line)
    except ConnectionLostError as lost:
        for attempt in range(REJOINS):
            time.sleep(2**attempt)
            progress.begin()
            try:
                joined = follow_script(progress.nonce, run=run, become_password=become_password)
                completed = transport.run(joined, timeout=TIMEOUT, on_line=progress.line)
                break
            except ConnectError:
                continue
        else:
            raise ConnectionLostError(
                f"{lost.message}. The run {run} goes on there by itself",
                hint=f"look at /var/lib/provisioner/runs/{run}/log on the host, or run the same command again",
            ) from lost
        if "unknown-run" in progress.said:
            raise ConnectionLostError(
                f"{lost.message}. The run had not begun on the host; nothing was changed", hint="run the command again"
            ) from lost
    return completed.stdout, completed.stderr


def _judge(plan: Plan, progress: _Progress, stdout: str, stderr: str) -> Run:
    results = tuple(progress.results.get(step.id, StepResult(step.id, "not run")) for step in plan.steps)
    locked, left = progress.last("locked"), progress.last("left")
    if locked is not None:
        raise BlockedError(
            f"locked: {locked or 'somebody else'}", hint="wait until it has ended, then run the same command again"
        )
    if "refused" in progress.said:
        raise PrivilegeError(
            f"sudo refused on {plan.host}; nothing was changed",
            hint="give the sudo password with -K, or log in as root",
        )
    facts = parse_answer(stdout, stderr, progress.nonce) if left is not None else None
    if progress.last("finished") == "0":
        return Run(results, facts, None, rolled_back=False, proof=tuple(progress.said.get("proof", ())))
    failed = next((result for result in results if result.status == "failed"), None)
    tail = "\n".join((failed.log if failed else stderr.strip()).splitlines()[-10:])
    what = "; ".join(progress.said.get("error", ())) or (tail if failed is None else f"step {failed.id} failed")
    message = "\n".join([what or "the run stopped without a word", *progress.said.get("daemon", ())])
    if progress.last("rollback") == "failed":
        message += "\nThe way back failed as well; the earlier files are in the run's backup directory on the host."
    log = f"log: /var/lib/provisioner/runs/ on {plan.host}"
    error = ApplyError(message, hint=f"{log}\n{tail}" if tail and failed else log)
    return Run(results, facts, error, rolled_back=progress.last("rollback") == "done")
