"""What happens meanwhile, on stderr: a live picture on a terminal, one plain line an event elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from provisioner.cli.options import Output
from provisioner.report.table import state
from provisioner.runs.outcome import Outcome

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

SHOWN = 10
"""Hosts with a line of their own on a terminal."""

PATIENCE = 1.0
"""Seconds of silence before a single host is mentioned."""


@contextlib.contextmanager
def watching(output: Output) -> Iterator[Progress]:
    """The progress that suits this terminal and these options; silent after the block."""
    dumb = os.environ.get("TERM", "dumb") == "dumb"
    progress = Progress() if output.quiet else Lines() if dumb or not sys.stderr.isatty() else Live(output.no_color)
    try:
        yield progress
    finally:
        progress.close()


class Progress:
    """Says nothing; the others do. Workers call `step`, `note` and `step_ended`."""

    def begin(self, doing: str, total: int) -> None:
        """A phase over `total` hosts begins: "looking at", "changing"."""

    def step(self, host: str, title: str) -> None:
        """A host begins with this."""

    def step_ended(self, host: str, title: str, ok: bool) -> None:
        """... and has ended it."""

    def note(self, host: str, text: str) -> None:
        """Such as who holds a lock."""

    def done(self, outcome: Outcome) -> None:
        """A host has ended the phase."""

    def say(self, text: str) -> None:
        """Something that stays: a plan, a script, a warning."""

    def rest(self) -> None:
        """The phase is over, or a question is about to be asked."""

    def close(self) -> None:
        self.rest()


class Lines(Progress):
    """One line an event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._total = self._ended = 0
        self._timer: threading.Timer | None = None

    def begin(self, doing: str, total: int) -> None:
        self._total, self._ended = total, 0
        if total > 1:
            self.say(f"{doing} {total} hosts ...")

    def step(self, host: str, title: str) -> None:
        if title:
            self._stop_timer()
            self.say(f"{host}: {title} ...")
        elif self._total == 1 and self._timer is None:
            self._timer = threading.Timer(PATIENCE, self.say, (f"{host}: waiting for its answer ...",))
            self._timer.daemon = True
            self._timer.start()

    def note(self, host: str, text: str) -> None:
        self.say(f"{host}: {text}")

    def done(self, outcome: Outcome) -> None:
        self._ended += 1
        if self._total > 1:
            self.say(f"{outcome.host}: {_ended(outcome)} [{self._ended}/{self._total}]")
        self._stop_timer()

    def say(self, text: str) -> None:
        with self._lock:
            if not self._closed:
                typer.echo(text, err=True)

    def close(self) -> None:
        self._stop_timer()
        with self._lock:
            self._closed = True

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class Live(Progress):
    """A line for each of a few hosts in progress, and one that counts."""

    def __init__(self, no_color: bool) -> None:
        self._no_color = no_color
        self._lock = threading.Lock()
        self._steps: dict[str, tuple[str, float]] = {}
        self._doing, self._total, self._ended, self._failed = "", 0, 0, 0
        self._closed = False
        self._live: Any = None
        self._console: Console | None = None

    def begin(self, doing: str, total: int) -> None:
        from rich.live import Live as RichLive

        self.rest()
        with self._lock:
            self._steps.clear()
            self._doing, self._total, self._ended, self._failed = doing, total, 0, 0
        self._live = RichLive(
            get_renderable=self._picture, console=self._stderr(), transient=True, refresh_per_second=8
        )
        self._live.start()

    def step(self, host: str, title: str) -> None:
        with self._lock:
            self._steps[host] = (title or self._doing.partition(" ")[0], time.monotonic())

    def step_ended(self, host: str, title: str, ok: bool) -> None:
        with self._lock:
            _, began = self._steps.get(host, ("", time.monotonic()))
        if self._total == 1 and not self._closed:
            took = time.monotonic() - began
            self.say(f"{host}: {title}" + ("" if ok else " failed") + (f" ({took:.0f} s)" if took >= 1 else ""))

    def note(self, host: str, text: str) -> None:
        with self._lock:
            _, began = self._steps.get(host, ("", time.monotonic()))
            self._steps[host] = (text, began)

    def done(self, outcome: Outcome) -> None:
        with self._lock:
            self._steps.pop(outcome.host, None)
            self._ended += 1
            self._failed += outcome.failed

    def say(self, text: str) -> None:
        if self._live is not None:
            from rich.text import Text

            self._stderr().print(Text.from_ansi(text), soft_wrap=True)
        elif not self._closed:
            typer.echo(text, err=True)

    def rest(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def close(self) -> None:
        self._closed = True
        self.rest()

    def _stderr(self) -> Console:
        if self._console is None:
            from rich.console import Console

            self._console = Console(stderr=True, no_color=self._no_color or None, highlight=False)
        return self._console

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        with self._lock:
            steps = list(self._steps.items())
            counted = f"{self._ended}/{self._total} done" + (f", {self._failed} failed" if self._failed else "")
            doing = self._doing
        picture = Table.grid(padding=(0, 2))
        for _ in range(3):
            picture.add_column(no_wrap=True, overflow="ellipsis")
        for host, (title, began) in steps[:SHOWN]:
            picture.add_row(Text(host, style="bold"), Text(title), Text(f"{now - began:.0f} s", style="dim"))
        if self._total == 1:
            return picture
        more = f", {len(steps) - SHOWN} more in progress" if len(steps) > SHOWN else ""
        return Group(picture, Text(f"{doing} hosts: {counted}{more}"))


def _ended(outcome: Outcome) -> str:
    steps = len(outcome.plan.steps) if outcome.plan else 0
    if outcome.status == "planned":
        return f"{steps} step{'' if steps == 1 else 's'} to do"
    return state(outcome)
