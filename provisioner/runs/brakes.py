"""What stops a change from spreading through a fleet: order, failures, Ctrl-C."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from provisioner.errors import CancelledError, ProvisionerError, SkippedError, UsageError
from provisioner.runs.interruption import on_interruption

if TYPE_CHECKING:
    from provisioner.runs.outcome import Outcome

Item = TypeVar("Item")


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
        number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
        if number == 0 or (percent and number > 100):
            raise UsageError(
                f"{option} {text}: not a share of the hosts", hint="write a number from 1 on, or 1% to 100%"
            )
        return cls(number, percent)

    def of(self, total: int) -> int:
        """At least 1: a tenth of five hosts is one host, not none."""
        return max(1, -(-total * self.number // 100)) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


_OPTIONS = ("--canary", "--batch", "--max-failures")


@dataclass(frozen=True, slots=True)
class Brakes:
    """How a change goes through a fleet: `canary` hosts alone, then waves of `batch`, at most `max_failures`."""

    canary: int = 0
    batch: Share | None = None
    max_failures: Share | None = None

    @classmethod
    def said(cls, argv: Sequence[str]) -> Brakes:
        """Return those that the words of a command line say."""
        words = [part for word in argv for part in word.split("=", 1)] if argv else []
        said = {word: following for word, following in pairwise(words) if word in _OPTIONS}
        canary = said.get("--canary", "")
        shares = (Share.parse(said[option], option) if option in said else None for option in _OPTIONS[1:])
        return cls(int(canary) if canary.isdecimal() else 0, *shares)

    def __str__(self) -> str:
        values = (self.canary, self.batch, self.max_failures)
        return " ".join(f"{option} {value}" for option, value in zip(_OPTIONS, values, strict=True) if value)

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
        self._failed: set[str] = set()
        self._limit, self.hint = limit, hint
        self._lock = threading.Lock()

    def count(self, outcome: Outcome) -> None:
        """Hear of an outcome, perhaps more than once; the failure that is one too many pulls the brake."""
        if not outcome.failed:
            return
        with self._lock:
            self._failed.add(outcome.host)
            if self._limit is not None and len(self._failed) >= self._limit:
                self.pull(f"{len(self._failed)} failed (--max-failures)")

    def pull(self, reason: str) -> None:
        """Let no other host begin. The first reason stands."""
        self.reason = self.reason or reason

    def interrupt(self) -> None:
        self.interrupted = True
        self.pull("interrupted")

    def error(self) -> ProvisionerError:
        """Why a host was not begun."""
        if self.interrupted:
            return CancelledError("interrupted before it began; nothing was changed here", hint=self.hint)
        return SkippedError(f"not begun: {self.reason}", hint=self.hint)

    @contextlib.contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Within, a first Ctrl-C or SIGTERM pulls the brake, a second one raises KeyboardInterrupt."""

        def interrupted(*_: Any) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupt()

        with on_interruption(interrupted):
            yield
