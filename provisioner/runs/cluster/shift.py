"""One shift of a crew: chunks of hosts are handed out, outcomes are heard, hosts of lost workers are asked again."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioner.errors import ConnectError, ConnectionLostError, UnreachableError
from provisioner.runs.brakes import Brake
from provisioner.runs.cluster.dask_client import DaskClient, Happened
from provisioner.runs.cluster.ledger import Handed, Ledger
from provisioner.runs.cluster.worker import Chunk, Pulled
from provisioner.runs.duty import Assignment, Job
from provisioner.runs.outcome import Outcome

ALONE = 60.0
"""Seconds without any worker, after which the hosts are given up."""
UNBEGUN = 60.0
"""Seconds that a worker may take to begin a chunk, before another one is asked."""
TRIES = 5
"""Workers that are asked for one host."""
_POLL = 0.2
_RESUME = "run it again with --resume to go on with the rest"


@dataclass
class Shift:
    """One call of the crew."""

    client: DaskClient
    address: str
    workers: dict[str, None]
    items: Sequence[Job]
    work: Assignment
    ledger: Ledger
    settle: Callable[[int, Outcome], None]
    instead: Callable[[Job, Exception], Outcome]
    unbegun: dict[str, float] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    alone_since: float | None = None
    connected: bool = True
    why: str = ""

    def run(self, brake: Brake, waiting: Callable[[int], None], grace: float) -> None:
        """Work until every host has its outcome, until none may begin, or until `grace` is over."""
        deadline, pulled = None, False
        while self._unfinished(brake) and (deadline is None or time.monotonic() < deadline):
            if not brake.interrupted:
                self._hand_out(brake)
            with contextlib.suppress(queue.Empty):
                self._hear(self.client.happened.get(timeout=_POLL))
            if brake.reason and not pulled:
                pulled = True
                self.client.pull(Pulled.of(brake))
            if brake.interrupted and deadline is None:
                deadline = time.monotonic() + grace
                if left := self.ledger.in_progress:
                    waiting(left)
            self._overdue()
        for name in list(self.ledger.handed):
            self.client.cancel(name)

    def _unfinished(self, brake: Brake) -> bool:
        if brake.interrupted:
            return self.ledger.in_progress > 0
        if brake.reason:
            return self.ledger.in_progress > 0 or self.ledger.waiting
        return bool(self.ledger.unsettled)

    def _hand_out(self, brake: Brake) -> None:
        while handed := self.ledger.next(more=not brake.reason):
            if over := [number for number in handed.left if self.ledger.asked(number) > TRIES]:
                self._give_up(over, f"{TRIES} workers in turn were lost or did not begin{self._because}")
            if handed.left:
                jobs = tuple((number, self.items[number]) for number in handed.left)
                self.unbegun[handed.name] = time.monotonic()
                chunk = Chunk(jobs, self.work.duty, self.client.build, Pulled.of(brake))
                self.client.submit(handed.name, handed.worker, chunk)
            else:
                self.ledger.take_back(handed.name)

    def _hear(self, event: Happened) -> None:
        if event.kind == "told":
            self._told(event.about, *event.what)
        elif event.kind == "ended":
            self._ended(event.about, event.what)
        elif event.kind == "joined":
            self.workers[event.about] = None
            self.ledger.joined(event.about)
        elif event.kind == "left":
            self.workers.pop(event.about, None)
            lost = self.ledger.left(event.about)
            unknown = sum(len(handed.left) for handed in lost)
            for handed in lost:
                self._forget(handed)
            if unknown and self.connected:
                self.work.heard.warn(f"the worker {event.about} is lost; {_hosts(unknown)} will be asked again")
        else:
            self._warn_of(event)

    def _warn_of(self, event: Happened) -> None:
        if event.kind == "unfit":
            self.work.heard.warn(f"the worker {event.about} is left out: {event.what}")
        elif event.kind == "silent" and event.about not in self.silent:
            self.silent.add(event.about)
            self.work.heard.warn(f"the worker {event.about} does not answer, and gets no hosts until it does")
        elif event.kind == "disconnected" and self.connected:
            self.connected, self.why = False, event.what
            self.work.heard.warn(f"the Dask scheduler {self.address} is lost: {event.what}; it may come back")
        elif event.kind == "connected" and not self.connected:
            self.connected = True
            self.work.heard.warn(f"the Dask scheduler {self.address} is back")

    def _told(self, chunk: str, what: str, *words: Any) -> None:
        self.unbegun.pop(chunk, None)
        if not chunk.startswith(self.ledger.prefix):
            return  # of an earlier phase
        heard = self.work.heard
        if what == "outcome":
            number, outcome = words
            if outcome.host == self.items[number].target.name:
                self.settle(number, outcome)
        elif what == "step":
            heard.step(*words)
        elif what == "step_ended":
            heard.step_ended(*words)
        elif what == "note":
            heard.note(*words)
        elif what == "plans":
            heard.plans(*words, whole=False)
        elif what == "warn":
            heard.warn(*words)

    def _ended(self, chunk: str, result: Any) -> None:
        """Events come before the end of their task; what is missing now was lost."""
        self.unbegun.pop(chunk, None)
        if isinstance(result, tuple):
            self.why = f"it broke there ({result[1]})"
        self.ledger.take_back(chunk)

    def _forget(self, handed: Handed) -> None:
        self.unbegun.pop(handed.name, None)
        self.client.cancel(handed.name)

    def _overdue(self) -> None:
        now = time.monotonic()
        for name, since in list(self.unbegun.items()):
            if now - since > UNBEGUN and name in self.ledger.handed:
                self.why = f"no worker began within {UNBEGUN:.0f} s: all are busy or paused"
                self._forget(self.ledger.handed[name])
                self.ledger.take_back(name)
        if self.workers:
            self.alone_since = None
        elif self.alone_since is None:
            self.alone_since = now
        elif now - self.alone_since > ALONE:
            self._give_up(
                self.ledger.unsettled, f"no worker of {self.address} was left for {ALONE:.0f} s{self._because}"
            )

    @property
    def _because(self) -> str:
        return f" ({self.why})" if self.why else ""

    def _give_up(self, numbers: Sequence[int], why: str) -> None:
        for number in numbers:
            job, asked = self.items[number], self.ledger.asked(number)
            name = job.target.name
            if asked:
                error: ConnectError = ConnectionLostError(
                    f"{name}: {why}. Whether a change has begun there was not heard; if it has, it goes on by itself",
                    hint=f"{_RESUME}: the host itself knows what became of it",
                )
            else:
                error = UnreachableError(f"{name}: not begun: {why}", hint=_RESUME)
            self.settle(number, self.instead(job, error))


def _hosts(number: int) -> str:
    return f"{number} host{'s' if number != 1 else ''}"
