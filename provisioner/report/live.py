"""What happens meanwhile, as a picture that is drawn anew several times a second."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, TextIO, cast

from provisioner.report import gate
from provisioner.report.columns import one_line, sentence
from provisioner.report.quiet import Progress
from provisioner.report.taste import Taste
from provisioner.report.terminal import terminal_width
from provisioner.runs.outcome import Outcome

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

SHOWN = 10
"""Hosts with a line of their own."""


LONGEST = 300
"""Characters of what a host does that can be of interest on one line."""


class Live(Progress):
    """A line for each of a few hosts in progress, and one that counts."""

    def __init__(self, taste: Taste) -> None:
        super().__init__(taste)
        self._lock = threading.Lock()
        self._steps: dict[str, tuple[str, float]] = {}
        self._doing, self._ended, self._failed = "", 0, 0
        self._closed = False
        self._live: Any = None
        self._console: Console | None = None

    def begin(self, doing: str, total: int) -> None:
        from rich.live import Live as RichLive

        self.rest()
        with self._lock:
            super().begin(doing, total)
            self._steps.clear()
            self._doing, self._ended, self._failed = doing, 0, 0
        self._live = RichLive(
            get_renderable=self._picture,
            console=self._stderr(),
            transient=True,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def step(self, host: str, title: str) -> None:
        with self._lock:
            self._steps[host] = (_few(title) or self._doing.partition(" ")[0], time.monotonic())

    def step_ended(self, host: str, title: str, ok: bool) -> None:  # noqa: FBT001 # as its protocol
        with self._lock:
            _, began = self._steps.get(host, ("", time.monotonic()))
        if self._total == 1 and not self._closed:
            took = time.monotonic() - began
            said = f"{host}: {one_line(title)}" + ("" if ok else " failed") + (f" ({took:.0f} s)" if took >= 1 else "")
            self.say(sentence(said, terminal_width("stderr")))

    def note(self, host: str, text: str) -> None:
        with self._lock:
            _, began = self._steps.get(host, ("", time.monotonic()))
            self._steps[host] = (_few(text), began)

    def detail(self, host: str, text: str, *, done: bool) -> None:
        self.note(host, text)
        if done and self._total == 1 and not self._closed:
            self.say(one_line(text))

    def done(self, outcome: Outcome) -> None:
        with self._lock:
            self._steps.pop(outcome.host, None)
            self._ended += 1
            self._failed += outcome.failed

    def say(self, text: str) -> None:
        if self._live is not None:
            from rich.text import Text

            self._stderr().print(Text.from_ansi(gate.shown(text)), soft_wrap=True)
        elif not self._closed:
            gate.remark(text)

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

            self._console = Console(
                file=cast("TextIO", gate.Stderr()), no_color=self._taste.no_color or None, highlight=False
            )
        return self._console

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        with self._lock:
            steps = list(self._steps.items())
            counted = f"{self._ended}/{self._total} done" + (f", {self._failed} failed" if self._failed else "")
            doing, total = self._doing, self._total
        picture = Table.grid(padding=(0, 2))
        for _ in range(3):
            picture.add_column(no_wrap=True, overflow="ellipsis")
        for host, (title, began) in steps[:SHOWN]:
            picture.add_row(Text(_few(host), style="bold"), Text(title), Text(f"{now - began:.0f} s", style="dim"))
        if total == 1:
            return picture
        more = f", {len(steps) - SHOWN} more in progress" if len(steps) > SHOWN else ""
        return Group(picture, Text(f"{doing} hosts: {counted}{more}"))


def _few(text: str) -> str:
    return one_line(text[:LONGEST])
