"""Many hosts at once, with brakes; one host's failure stays its own.

A worker takes the next host when it has finished one, so that no more than `forks` hosts are ever in flight and
a brake that is pulled holds from the next host on. Workers are daemon threads: the process never waits for a host
that does not answer.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from provisioner.errors import CancelledError
from provisioner.runs.brakes import Brake, Brakes

if TYPE_CHECKING:
    from provisioner.runs.outcome import Outcome

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
    By a plain maximum, "needs --allow-restart" would hide a host on which a change failed.
    """
    found = set(codes) - {0}
    return next((code for code in WORST_FIRST if code in found), max(found, default=0))


def ignore(_: Any) -> None:
    """Hears of a host, an outcome or a number, and does nothing."""


def _raise(_: Any, error: Exception) -> NoReturn:
    raise error


class _Workers(Generic[Item, Result]):
    """Daemon threads that take item after item until there is none or the brake is pulled."""

    def __init__(
        self,
        items: Sequence[Item],
        work: Callable[[Item], Result],
        instead: Callable[[Item, Exception], Result],
        brake: Brake,
        settled: Callable[[Result], None],
    ) -> None:
        self._todo, self._lock = iter(enumerate(items)), threading.Lock()
        self._work, self._instead, self._brake, self._settled = work, instead, brake, settled
        self.begun: set[int] = set()
        self.ended: queue.SimpleQueue[tuple[int, Result] | Exception | None] = queue.SimpleQueue()
        """Each result with its index, what `instead` raised, and None for each worker that has ended."""

    def start(self, number: int) -> None:
        for _ in range(number):
            threading.Thread(target=self._run, daemon=True).start()

    def _next(self) -> tuple[int, Item] | None:
        with self._lock:
            taken = None if self._brake.reason else next(self._todo, None)
            if taken:
                self.begun.add(taken[0])
            return taken

    def _run(self) -> None:
        try:
            while taken := self._next():
                index, item = taken
                try:
                    try:
                        result = self._work(item)
                    except Exception as error:  # noqa: BLE001 # one host's bug must not hide the others' results
                        result = self._instead(item, error)
                    self._settled(result)
                except Exception as error:  # noqa: BLE001 # raised where somebody hears it
                    self.ended.put(error)
                else:
                    self.ended.put((index, result))
        finally:
            self.ended.put(None)


def each(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    *,
    forks: int,
    instead: Callable[[Item, Exception], Result] = _raise,
    done: Callable[[Result], None] = ignore,
    brake: Brake | None = None,
    waiting: Callable[[int], None] = ignore,
    settled: Callable[[Result], None] = ignore,
    grace: float = GRACE,
) -> list[Result]:
    """Return a result for every item, in the order of `items`; at most `forks` are worked on at a time.

    `done` hears of each result as it comes, from the calling thread; `settled` hears of it first, before another item
    is begun in its place, and perhaps once more at the end. `work` turns a host's failures into its
    result. `instead` makes the result of an item whose work raised (a bug: the others go on), or that was not
    begun or not ended when the brake was pulled (SkippedError, CancelledError); workers call it too. Without it
    these exceptions are raised here.

    A first Ctrl-C begins no further item and calls `waiting` with the number of those in progress, if any;
    they have `grace` seconds to end. A second one raises KeyboardInterrupt at once.
    """
    brake = brake or Brake()
    workers = _Workers(items, work, instead, brake, settled)
    running = min(max(1, forks), len(items))
    results: dict[int, Result] = {}
    deadline = None
    with brake.on_interrupt():
        workers.start(running)
        while running and (deadline is None or time.monotonic() < deadline):
            with contextlib.suppress(queue.Empty):
                arrived = workers.ended.get(timeout=_POLL)
                if arrived is None:
                    running -= 1
                elif isinstance(arrived, Exception):
                    raise arrived
                else:
                    results[arrived[0]] = arrived[1]
                    done(arrived[1])
            if brake.interrupted and deadline is None:
                deadline = time.monotonic() + grace
                if left := len(workers.begun) - len(results):
                    waiting(left)
    for index, item in enumerate(items):
        if index not in results:
            results[index] = instead(item, still_running() if index in workers.begun else brake.error())
            settled(results[index])
            done(results[index])
    return [results[index] for index in range(len(items))]


def roll(
    items: Sequence[Item],
    work: Callable[[Item], Outcome],
    *,
    forks: int,
    brakes: Brakes,
    brake: Brake,
    instead: Callable[[Item, Exception], Outcome],
    done: Callable[[Outcome], None] = ignore,
    waiting: Callable[[int], None] = ignore,
    grace: float = GRACE,
    crew: Callable[..., list[Outcome]] = each,
) -> list[Outcome]:
    """Like `each`, wave by wave: the canary alone, whose failure stops everything, then batch after batch.

    Every outcome is counted before its worker takes another host. `crew` does the work, as `each` does.
    """
    outcomes: list[Outcome] = []
    with brake.on_interrupt():
        for number, wave in enumerate(brakes.waves(items)):
            outcomes += crew(
                wave,
                work,
                forks=forks,
                instead=instead,
                done=done,
                brake=brake,
                waiting=waiting,
                settled=brake.count,
                grace=grace,
            )
            failed = [outcome.host for outcome in outcomes if outcome.failed]
            if number == 0 and brakes.canary and failed:
                brake.pull(f"the canary {', '.join(failed)} failed (--canary)")
    return outcomes


def still_running() -> CancelledError:
    return CancelledError(
        "interrupted while it was being worked on; a change that has begun there runs to its end by itself",
        hint="run the same command again to see where it stands",
    )
