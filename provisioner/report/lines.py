"""What happens meanwhile, one plain line an event."""

from __future__ import annotations

import threading

from provisioner.report import gate
from provisioner.report.columns import one_line
from provisioner.report.quiet import Progress
from provisioner.report.table import state
from provisioner.report.taste import Taste
from provisioner.runs.outcome import Outcome

PATIENCE = 1.0
"""Seconds of silence before a single host is mentioned."""


class Lines(Progress):
    """One line an event."""

    def __init__(self, taste: Taste) -> None:
        super().__init__(taste)
        self._lock = threading.Lock()
        self._closed = False
        self._ended = 0
        self._timer: threading.Timer | None = None

    def begin(self, doing: str, total: int) -> None:
        super().begin(doing, total)
        self._ended = 0
        if total > 1:
            self.say(f"{doing} {total} hosts ...")

    def step(self, host: str, title: str) -> None:
        if title:
            self._stop_timer()
            self.say(f"{host}: {one_line(title)} ...")
        elif self._total == 1 and self._timer is None:
            self._timer = threading.Timer(PATIENCE, self.say, (f"{host}: waiting for its answer ...",))
            self._timer.daemon = True
            self._timer.start()

    def note(self, host: str, text: str) -> None:
        self.say(f"{host}: {one_line(text)}")

    def detail(self, host: str, text: str, *, done: bool) -> None:
        del host
        if done and self._total == 1:
            self._stop_timer()
            self.say(one_line(text))

    def done(self, outcome: Outcome) -> None:
        self._ended += 1
        if self._total > 1:
            self.say(f"{outcome.host}: {_how(outcome)} [{self._ended}/{self._total}]")
        self._stop_timer()

    def say(self, text: str) -> None:
        with self._lock:
            if not self._closed:
                gate.remark(text)

    def close(self) -> None:
        self._stop_timer()
        with self._lock:
            self._closed = True

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _how(outcome: Outcome) -> str:
    """How a host has ended the phase, in a few words."""
    if outcome.plan is None and outcome.facts is None and outcome.note and outcome.error is None:
        return one_line(outcome.note)  # it was not planned, and says itself what was done
    steps = len(outcome.plan.steps) if outcome.plan else 0
    if outcome.status == "planned":
        return f"{steps} step{'' if steps == 1 else 's'} to do"
    return state(outcome)
