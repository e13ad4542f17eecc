"""Which host is at which worker: who gets the next hosts, and which have to be asked again.

Numbers are those of the hosts in the controller's list. Nothing here knows of Dask, nor of time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

LARGEST = 16
"""Hosts in a chunk."""
WAVES = 4
"""Chunks for a worker at a time, if there are forks for so many: one slow host holds up few others."""


@dataclass
class Handed:
    """Hosts that a worker was given: `left` are those that it has told no outcome of."""

    name: str
    worker: str
    left: list[int] = field(default_factory=list)


class Ledger:
    """The hosts 0 to `number` - 1, no more than `forks` of them in progress. Names of chunks begin with `prefix`."""

    def __init__(self, number: int, forks: int, prefix: str = "") -> None:
        self._todo, self._again = deque(range(number)), deque[int]()
        self._number, self._forks = number, max(1, forks)
        self._workers: dict[str, int] = {}  # and how many hosts each was given
        self._settled: set[int] = set()
        self._asked: dict[int, int] = {}
        self.prefix, self._names = prefix, 0
        self.handed: dict[str, Handed] = {}

    @property
    def in_progress(self) -> int:
        return sum(len(handed.left) for handed in self.handed.values())

    @property
    def begun(self) -> set[int]:
        """Hosts that some worker was given."""
        return set(self._asked)

    @property
    def unsettled(self) -> list[int]:
        return [number for number in range(self._number) if number not in self._settled]

    @property
    def waiting(self) -> bool:
        """A host that has begun has to be asked again."""
        return bool(self._again)

    @property
    def workers(self) -> tuple[str, ...]:
        return tuple(self._workers)

    def asked(self, number: int) -> int:
        """How many workers the host was given to."""
        return self._asked.get(number, 0)

    def joined(self, worker: str) -> None:
        self._workers.setdefault(worker, 0)

    def left(self, worker: str) -> list[Handed]:
        """Take back what the worker had; return those chunks."""
        self._workers.pop(worker, None)
        gone = [handed for handed in self.handed.values() if handed.worker == worker]
        for handed in gone:
            self.take_back(handed.name)
        return gone

    def take_back(self, name: str) -> list[int]:
        """The chunk is over; return the hosts of it that have no outcome, which are to be asked again."""
        handed = self.handed.pop(name, None)
        unknown = handed.left if handed else []
        self._again.extend(unknown)
        return unknown

    def settle(self, number: int) -> bool:
        """Hear of an outcome from whichever chunk; False when there was one already."""
        if number in self._settled:
            return False
        self._settled.add(number)
        for handed in self.handed.values():
            if number in handed.left:
                handed.left.remove(number)
        if number in self._again:
            self._again.remove(number)
        return True

    def next(self, *, more: bool) -> Handed | None:
        """Hand hosts to the least busy worker, of several to the one that had the fewest so far.

        Those that have to be asked again are first; others only follow when `more`.
        None when there is no worker, no such host, or when the forks do not suffice for a chunk.
        """
        source = self._again or (self._todo if more else self._again)
        if not self._workers or not source:
            return None
        size = min(max(1, self._forks // (WAVES * len(self._workers))), LARGEST, len(source))
        if self.in_progress + size > self._forks:
            return None
        busy = dict.fromkeys(self._workers, 0)
        for handed in self.handed.values():
            if handed.worker in busy:
                busy[handed.worker] += len(handed.left)
        self._names += 1
        numbers = [source.popleft() for _ in range(size)]
        worker = min(busy, key=lambda worker: (busy[worker], self._workers[worker]))
        self._workers[worker] += size
        handed = Handed(f"{self.prefix}{self._names}", worker, numbers)
        self.handed[handed.name] = handed
        for number in numbers:
            self._asked[number] = self.asked(number) + 1
        return handed
