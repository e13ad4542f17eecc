"""A run on a host, heard over one connection after the other until its end."""

from __future__ import annotations

import time

from provisioner.errors import AnswerTooLongError, ConnectError, ConnectionLostError, PrivilegeError
from provisioner.facts.login import way_of
from provisioner.plan.model import StepResult
from provisioner.remote.answer import no_longer
from provisioner.remote.progress import RunProgress
from provisioner.scripts.render import follow_script
from provisioner.transports import limits
from provisioner.transports.base import Completed, Transport

TIMEOUT = limits.RUN + limits.WAY_BACK + 300.0
"""Seconds, with all rejoins: a run has ended by then, or its host does not answer any more."""

REJOINS = 5


class Watched:
    """The run `run` on a host, and what was heard of it over the connections so far."""

    def __init__(self, transport: Transport, run: str, progress: RunProgress, become_password: str | None) -> None:
        self.progress = progress
        self.heard = progress.heard
        self._transport, self._name, self._become_password = transport, run, become_password
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
            if "unknown-run" in self.progress.said and self.progress.joined:
                raise ConnectionLostError(
                    f"{lost.message}. What came of the run {self._run} is in the host's journal",
                    hint="run the command again",
                ) from lost
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

    @property
    def _run(self) -> str:
        """The one that is heard: somebody else's attempt, once it was joined."""
        return self.progress.joined or self._name

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
