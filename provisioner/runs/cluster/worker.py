"""What happens in a worker of the cluster: it greets a controller, works on chunks of hosts, and hears the brake.

A process that was not greeted refuses chunks. So a chunk that Dask itself gives to another process, such as one that
took a lost worker's address, begins nothing there.
"""

from __future__ import annotations

import platform
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioner.errors import BugError
from provisioner.plan.model import Plan
from provisioner.runs.brakes import Brake
from provisioner.runs.cluster.build import Build, this_build
from provisioner.runs.cluster.seal import Envelope, Seal
from provisioner.runs.crash import stand_in
from provisioner.runs.duty import Duty, Job
from provisioner.runs.outcome import Outcome

KEPT = 50
"""Controllers that a worker remembers; the earliest are forgotten."""

UNKNOWN, OTHER_BUILD = "unknown", "other build"
"""What `work` returns instead of a number: this process was not greeted; its files are no longer the controller's."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A brake of the controller as it was; `reason` is "" when nobody has pulled it."""

    reason: str
    interrupted: bool
    hint: str

    @classmethod
    def of(cls, brake: Brake) -> Pulled:
        return cls(brake.reason, brake.interrupted, brake.hint)

    def put_on(self, brake: Brake) -> None:
        if self.reason:
            brake.hint, brake.interrupted, brake.reason = self.hint, self.interrupted, self.reason


@dataclass(frozen=True, slots=True)
class Chunk:
    """Jobs by their number at the controller, and what is to be done at each."""

    jobs: tuple[tuple[int, Job], ...]
    duty: Duty
    build: Build
    brake: Pulled


@dataclass
class _Controller:
    envelope: Envelope
    brake: Brake = field(default_factory=Brake)


_controllers: OrderedDict[str, _Controller] = OrderedDict()


def greet(token: str, public: bytes) -> tuple[Build, bytes]:
    """Get to know the controller `token`; return who is here."""
    seal = Seal()
    _controllers[token] = _Controller(seal.with_peer(public))
    while len(_controllers) > KEPT:
        _controllers.popitem(last=False)
    return this_build(), seal.public


def brake(token: str, closed: bytes) -> None:
    """Hear that the brake was pulled: hosts of that controller that are only looked at so far are not changed."""
    known = _controllers.get(token)
    if known is not None:
        pulled: Pulled = known.envelope.open(closed)
        pulled.put_on(known.brake)


def work(token: str, topic: str, chunk: str, closed: bytes) -> int | str:
    """Work on all hosts of a chunk at once. Each outcome is an event of `topic`; returned is how many there were."""
    from distributed import get_worker, secede

    known = _controllers.get(token)
    if known is None:
        return UNKNOWN
    todo: Chunk = known.envelope.open(closed)
    if this_build() != todo.build:
        return OTHER_BUILD
    todo.brake.put_on(known.brake)
    here = get_worker()
    secede()  # hosts mostly wait: another chunk may begin meanwhile

    def tell(*words: Any) -> None:
        here.log_event(topic, {"chunk": chunk, "closed": known.envelope.close(words)})

    tell("begun")
    heard = _Telling(tell)
    ended: list[int] = []

    def one(number: int, job: Job) -> None:
        outcome = _outcome(job, lambda: todo.duty(job, heard, known.brake))
        try:
            tell("outcome", number, outcome)
        except Exception as error:  # noqa: BLE001 # an outcome that cannot travel is one, too
            tell("outcome", number, _here(stand_in(Outcome(outcome.host, "failed"), error)))
        ended.append(number)

    threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in todo.jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(ended)


def _outcome(job: Job, work: Callable[[], Outcome]) -> Outcome:
    try:
        outcome = work()
    except Exception as error:  # noqa: BLE001 # one host's bug must not hide the others' outcomes
        outcome = stand_in(job.planned or Outcome(job.target.name, "planned"), error)
    return _here(outcome)


def _here(outcome: Outcome) -> Outcome:
    """The file that a bug was written to is on this machine."""
    if isinstance(outcome.error, BugError):
        outcome.error.hint = f"on the worker {platform.node()}: {outcome.error.hint}"
    return outcome


class _Telling:
    """Passes on what `Hearing` hears."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell

    def step(self, host: str, title: str) -> None:
        self._tell("step", host, title)

    def step_ended(self, host: str, title: str, ok: bool) -> None:  # noqa: FBT001 # as in Hearing
        self._tell("step_ended", host, title, ok)

    def note(self, host: str, text: str) -> None:
        self._tell("note", host, text)

    def plans(self, plans: Sequence[Plan], *, whole: bool) -> None:  # noqa: ARG002 # a worker has seen one host
        self._tell("plans", list(plans))

    def warn(self, text: str) -> None:
        self._tell("warn", text)
