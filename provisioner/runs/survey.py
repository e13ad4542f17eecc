"""Many hosts that are only looked at: what `plan`, `verify` and `status` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from provisioner.errors import CancelledError, DifferenceError, SkippedError
from provisioner.runs.audience import Audience
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each, worst
from provisioner.runs.outcome import Outcome, Status
from provisioner.runs.target import Target


def survey(
    targets: Sequence[Target], work: Callable[[Target], Outcome], audience: Audience, *, forks: int
) -> list[Outcome]:
    """Return the outcome of `work` on every host, in the order of `targets`."""

    def look(target: Target) -> Outcome:
        audience.step(target.name, "")
        try:
            outcome = work(target).light()
            target.address(outcome.error)
            return outcome
        finally:
            target.transport.close()

    audience.begin("looking at", len(targets))
    return each(
        targets,
        look,
        forks=forks,
        instead=lambda target, error: stand_in(Outcome(target.name, "planned"), error),
        done=audience.done,
        waiting=audience.waiting,
    )


def exit_code(outcomes: Sequence[Outcome], *, difference: bool = False) -> int:
    """The worst host's; with `difference`, a host that would change makes that 9."""
    codes = [outcome.exit_code for outcome in outcomes]
    if difference and any(outcome.status == "planned" for outcome in outcomes):
        codes.append(DifferenceError.exit_code)
    return worst(codes)


def stand_in(outcome: Outcome, error: Exception) -> Outcome:
    """Return the outcome of a host whose work did not come to its end."""
    status: Status = "failed"
    if isinstance(error, CancelledError):
        status = "cancelled"
    elif isinstance(error, SkippedError):
        status = "skipped"
    return replace(outcome, status=status, error=as_error(error, outcome.host))
