"""Progress that nobody sees, and what the others share with it."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.plan.model import Plan
from provisioner.report.columns import hanging
from provisioner.report.paint import paint_for
from provisioner.report.plans import plans_text
from provisioner.report.taste import Taste
from provisioner.report.terminal import terminal_width
from provisioner.runs.brakes import Brakes
from provisioner.runs.outcome import Outcome


class Progress:
    """An audience (see `provisioner.runs.audience`) that shows nothing; `Lines` and `Live` are the others."""

    def __init__(self, taste: Taste) -> None:
        self._taste = taste
        self._total = 0

    def begin(self, doing: str, total: int) -> None:
        del doing
        self._total = total

    def step(self, host: str, title: str) -> None: ...

    def step_ended(self, host: str, title: str, ok: bool) -> None: ...  # noqa: FBT001 # as its protocol

    def note(self, host: str, text: str) -> None: ...

    def detail(self, host: str, text: str, *, done: bool) -> None: ...

    def done(self, outcome: Outcome) -> None: ...

    def say(self, text: str) -> None:
        """Something that stays: a plan, a script, a warning."""

    def rest(self) -> None: ...

    def close(self) -> None:
        self.rest()

    def plans(self, plans: Sequence[Plan], *, whole: bool) -> None:
        """One of many hosts has its plan shown when people want to see everything."""
        if plans and not self._taste.quiet and (whole or self._total == 1 or self._taste.verbose):
            paint = paint_for("stderr", no_color=self._taste.no_color)
            width = terminal_width("stderr")
            self.say(plans_text(plans, script=self._taste.verbose, width=width, paint=paint))

    def waiting(self, number: int) -> None:
        hosts = "1 host" if number == 1 else f"{number} hosts"
        self.say(
            f"stopping: no further host begins; {hosts} in progress, waiting a few seconds; Ctrl-C again ends at once"
        )

    def warn(self, text: str) -> None:
        self.say(hanging("warning: ", text, terminal_width("stderr")))

    def resumed(self, run: str, finished: int, total: int, brakes: Brakes) -> None:
        how = f"; its brakes: {brakes}" if str(brakes) else ""
        self.say(f"resuming run {run}: {finished} of {total} hosts are done{how}")

    def interrupted(self, run: str) -> None:
        self.say(f"interrupted; what has begun runs to its end there. So far: provisioner history {run}")

    def ended(self, run: str, total: int) -> None:
        if total > 1:
            self.rest()
            self.say(f"run {run}\n")
