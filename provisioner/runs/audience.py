"""Whoever hears what happens while hosts are worked on, and agrees to it: runs print and ask nothing themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from provisioner.plan.model import Plan
from provisioner.runs.brakes import Brakes
from provisioner.runs.outcome import Outcome


class Hearing(Protocol):
    """Hears from whoever works on hosts, several at a time."""

    def step(self, host: str, title: str) -> None:
        """A host begins with this; "" for the phase itself."""

    def step_ended(self, host: str, title: str, ok: bool) -> None:  # noqa: FBT001 # one of two ends
        """A host has ended this step, well when `ok`."""

    def note(self, host: str, text: str) -> None:
        """Something about the step, such as who holds a lock."""

    def plans(self, plans: Sequence[Plan], *, whole: bool) -> None:
        """These are about to be carried out: all there are when `whole`, else that of one host, from its worker."""

    def warn(self, text: str) -> None:
        """Something beside the work does not work, such as the history."""


class Audience(Hearing, Protocol):
    """Workers call what is `Hearing`'s and `detail`, several at a time; the rest comes from one thread."""

    def begin(self, doing: str, total: int) -> None:
        """A phase over `total` hosts begins: "looking at", "changing"."""

    def detail(self, host: str, text: str, *, done: bool) -> None:
        """Where the step is; `done`: a part of it that stays done."""

    def done(self, outcome: Outcome) -> None:
        """A host has ended the phase."""

    def rest(self) -> None:
        """The phase is over, or a question is about to be asked."""

    def waiting(self, number: int) -> None:
        """A first Ctrl-C came while so many hosts were in progress."""

    def resumed(self, run: str, finished: int, total: int, brakes: Brakes) -> None:
        """The run goes on where `run` stopped, which has finished some of the hosts, with `brakes`."""

    def interrupted(self, run: str) -> None:
        """A second Ctrl-C ends `run` at once."""

    def ended(self, run: str, total: int) -> None:
        """All `total` hosts of `run` have their outcome."""


class Confirm(Protocol):
    """Asks whether `pending` may be changed, of `total` hosts of which `failed` failed before."""

    def __call__(self, pending: Sequence[Outcome], *, total: int, failed: int) -> bool:
        """Raises KeyboardInterrupt for Ctrl-C instead of an answer."""
