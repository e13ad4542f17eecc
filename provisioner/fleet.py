"""Many hosts at once, with brakes; one host's failure stays its own.

A worker takes the next host when it has finished one, so that no more than `forks` hosts are ever in flight and
a brake that is pulled holds from the next host on. Workers are daemon threads: the process never waits for a host
that does not answer.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from provisioner.errors import CancelledError, ProvisionerError, SkippedError, UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")

GRACE = 5.0
"""Seconds that hosts in progress have after a first Ctrl-C."""

WORST_FIRST = (130, 70, 6, 7, 4, 3, 5, 8, 2, 9)
_POLL = 0.2


def worst(codes: Iterable[int]) -> int:
    """The exit code for several hosts: that of the host which needs a person most; 0 when all went well.

    In this order: 130 the user interrupted, 70 a bug, 6 a change failed, 7 a change does not show, 4 and 3 the
    host's state is unknown, 5 and 8 the host was left alone for a known reason, 2, and 9 a mere difference.
    A plain maximum would let "needs --allow-restart" hide a host on which a change failed.
    """
    found = set(codes) - {0}
    return next((code for code in WORST_FIRST if code in found), max(found, default=0))


@dataclass(frozen=True, slots=True)
class Share:
    """A number of hosts: N, or P percent of all."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str, option: str) -> Share:
        """Read N or P%.

        Raises:
            UsageError: it is neither, or stands for no host at all.
        """
        digits = text.strip().removesuffix("%")
        percent = text.strip().endswith("%")
        if not (digits.isascii() and digits.isdigit()) or int(digits) == 0 or (percent and int(digits) > 100):
            raise UsageError(f"{option} {text}: not a share of the hosts", hint="write a number from 1 on, or 1% to 100%")
        return cls(int(digits), percent)

    def of(self, total: int) -> int:
        """At least 1: a tenth of five hosts is one host, not none."""
        return max(1, -(-total * self.number // 100)) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


@dataclass(frozen=True, slots=True)
class Brakes:
    """How a change goes through a fleet: `canary` hosts alone, then waves of `batch`, at most `max_failures`."""

    canary: int = 0
    batch: Share | None = None
    max_failures: Share | None = None

    @property
    def ordered(self) -> bool:
        """Hosts wait for other hosts."""
        return bool(self.canary or self.batch)

    def waves(self, items: Sequence[Item]) -> Iterator[Sequence[Item]]:
        if self.canary:
            yield items[: self.canary]
        rest = items[self.canary :]
        size = self.batch.of(len(items)) if self.batch else max(1, len(rest))
        for start in range(0, len(rest), size):
            yield rest[start : start + size]


class Brake:
    """Whether another host may begin; shared by the workers. `reason` is "" until somebody pulls it."""

    def __init__(self, limit: int | None = None, hint: str = "") -> None:
        self.reason = ""
        self.interrupted = False
        self.failures = 0
        self._limit, self._hint = limit, hint
        self._lock = threading.Lock()

    def count_failure(self) -> None:
        """Another host has failed; the one too many pulls the brake."""
        with self._lock:
            self.failures += 1
            reached = self._limit is not None and self.failures >= self._limit
        if reached:
            self.pull(f"{self.failures} failed (--max-failures)")

    def pull(self, reason: str) -> None:
        """Let no other host begin. The first reason stands."""
        self.reason = self.reason or reason

    def interrupt(self) -> None:
        self.interrupted = True
        self.pull("interrupted")

    def error(self) -> ProvisionerError:
        """Why a host was not begun."""
        if self.interrupted:
            return CancelledError("interrupted before it began; nothing was changed on it", hint=self._hint)
        return SkippedError(f"not begun: {self.reason}", hint=self._hint)

    @contextlib.contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Within, a first Ctrl-C pulls the brake, a second one raises KeyboardInterrupt."""

        def interrupted(*_: Any) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupt()

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _ignore(_: Any) -> None:
    pass


def each(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    *,
    forks: int,
    instead: Callable[[Item, Exception], Result],
    done: Callable[[Result], None] = _ignore,
    brake: Brake | None = None,
    waiting: Callable[[int], None] = _ignore,
    grace: float = GRACE,
) -> list[Result]:
    """Return a result for every item, in the order of `items`; at most `forks` are worked on at a time.

    `done` hears of each result as it comes, from the calling thread. `work` turns a host's failures into its
    result. `instead` makes the result of an item whose work raised (a bug: the others go on), or that was not
    begun or not ended when the brake was pulled (SkippedError, CancelledError); workers call it too.

    A first Ctrl-C begins no further item and calls `waiting` with the number of those in progress; they have
    `grace` seconds to end. A second one raises KeyboardInterrupt at once.
    """
    brake = brake or Brake()
    todo, lock = iter(enumerate(items)), threading.Lock()
    active: set[int] = set()
    ended: queue.SimpleQueue[tuple[int, Result] | None] = queue.SimpleQueue()

    def next_item() -> tuple[int, Item] | None:
        with lock:
            taken = None if brake.reason else next(todo, None)
            if taken:
                active.add(taken[0])
            return taken

    def worker() -> None:
        try:
            while taken := next_item():
                index, item = taken
                try:
                    result = work(item)
                except Exception as error:  # noqa: BLE001 # one host's bug must not hide the others' results
                    result = instead(item, error)
                ended.put((index, result))
        finally:
            ended.put(None)

    results: dict[int, Result] = {}
    workers = min(max(1, forks), len(items))
    deadline = None
    with brake.on_interrupt():
        for _ in range(workers):
            threading.Thread(target=worker, daemon=True).start()
        while workers and (deadline is None or time.monotonic() < deadline):
            with contextlib.suppress(queue.Empty):
                arrived = ended.get(timeout=_POLL)
                if arrived is None:
                    workers -= 1
                else:
                    results[arrived[0]] = arrived[1]
                    done(arrived[1])
            if brake.interrupted and deadline is None:
                deadline = time.monotonic() + grace
                waiting(len(active) - len(results))
    for index, item in enumerate(items):
        if index not in results:
            results[index] = instead(item, _still_running() if index in active else brake.error())
            done(results[index])
    return [results[index] for index in range(len(items))]


def roll(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    *,
    forks: int,
    brakes: Brakes,
    brake: Brake,
    failed: Callable[[Result], bool],
    instead: Callable[[Item, Exception], Result],
    done: Callable[[Result], None] = _ignore,
    waiting: Callable[[int], None] = _ignore,
    grace: float = GRACE,
) -> list[Result]:
    """Like `each`, wave by wave: the canary alone, whose failure stops everything, then batch after batch."""

    def counted(result: Result) -> Result:
        if failed(result):
            brake.count_failure()
        return result

    def work_and_count(item: Item) -> Result:
        return counted(work(item))

    def instead_and_count(item: Item, error: Exception) -> Result:
        result = instead(item, error)
        return result if isinstance(error, SkippedError | CancelledError) else counted(result)

    results: list[Result] = []
    with brake.on_interrupt():
        for number, wave in enumerate(brakes.waves(items)):
            arrived = each(
                wave,
                work_and_count,
                forks=forks,
                instead=instead_and_count,
                done=done,
                brake=brake,
                waiting=waiting,
                grace=grace,
            )
            if number == 0 and brakes.canary and any(map(failed, arrived)):
                brake.pull("the canary failed (--canary)")
            results += arrived
    return results


def _still_running() -> CancelledError:
    return CancelledError(
        "interrupted while it was being worked on; a change that has begun there runs to its end by itself",
        hint="run the same command again to see where it stands",
    )
