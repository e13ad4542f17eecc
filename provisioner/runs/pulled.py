"""What hosts pulled, and whether they have the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from provisioner.errors import CancelledError, ProvisionerError, SkippedError
from provisioner.images.agreement import Agreement
from provisioner.plan.model import StepResult
from provisioner.runs.crash import stand_in
from provisioner.runs.outcome import Outcome, status_of


@dataclass(frozen=True, slots=True)
class PulledImage:
    """One image on one host. `digest` is that of what the name stands for in the registry, "" where it is not known;
    `closing` what docker said at the end.
    """

    name: str
    status: Literal["downloaded", "up to date", "pulled", "failed"]
    digest: str = ""
    id: str = ""
    platform: str = ""
    closing: tuple[str, ...] = ()
    proof: str = ""
    """Which mirror serves it, where that was asked."""
    error: ProvisionerError | None = None

    @property
    def here(self) -> bool:
        """It was pulled, whatever a proof says."""
        return self.status != "failed"


@dataclass(frozen=True, slots=True)
class PulledHost:
    """What one host pulled; `error` tells of all that went wrong there."""

    host: str
    images: tuple[PulledImage, ...] = ()
    error: ProvisionerError | None = None
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0

    @property
    def downloaded(self) -> bool:
        return any(image.status == "downloaded" for image in self.images)

    @property
    def outcome(self) -> Outcome:
        """As the history has it."""
        note = "; ".join(f"{image.name} {image.status} {image.digest}".strip() for image in self.images)
        results = (StepResult("pull", "ok", self.seconds),) if self.downloaded else ()
        outcome = Outcome(
            self.host,
            "changed" if self.downloaded else "converged",
            results=results,
            error=self.error,
            timings={"pull": self.seconds},
            note=note,
        )
        if isinstance(self.error, (CancelledError, SkippedError)):
            return stand_in(outcome, self.error)
        return replace(outcome, status=status_of(self.error)) if self.error else outcome


@dataclass(frozen=True, slots=True)
class Pulled:
    """A run's name in the history, its hosts in their order, and for each image whether they have the same."""

    run: str
    hosts: list[PulledHost]
    agreements: tuple[Agreement, ...]
