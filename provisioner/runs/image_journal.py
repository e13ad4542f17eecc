"""The history of what was done to images: a run with its hosts, each kept as it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from provisioner.errors import ProvisionerError
from provisioner.plan.model import StepResult
from provisioner.runs.image_history import begun
from provisioner.runs.named_run import WHOLE, Part
from provisioner.runs.outcome import Outcome, status_of
from provisioner.runs.target import Target


class ImageJournal:
    """One run being written; from one thread."""

    def __init__(
        self,
        command: str,
        targets: Sequence[Target],
        *,
        argv: Sequence[str],
        warn: Callable[[str], None],
        part: Part = WHOLE,
    ) -> None:
        """Begin a run of `command`; `warn` hears of trouble with the history, once.

        Raises:
            UsageError: see `begun`.
        """
        self._command, self._began = command, time.monotonic()
        self._journal = begun(command, argv, targets, warn, part)

    @property
    def run(self) -> str:
        """The name of the run in the history."""
        return self._journal.run

    def add(self, host: str, error: ProvisionerError | None, *, changed: bool, note: str = "") -> None:
        """Keep what became of a host."""
        self._journal.add(
            Outcome(
                host,
                status_of(error) if error else "changed" if changed else "converged",
                results=(StepResult(self._command, "ok"),) if changed else (),
                error=error,
                note=note,
                timings={self._command: time.monotonic() - self._began},
            )
        )

    def end(self) -> None:
        """All hosts have ended; a run without this was cut off."""
        self._journal.end()
