"""Many hosts that are only looked at: what `plan`, `verify` and `status` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from provisioner.errors import DifferenceError
from provisioner.runs.audience import Audience
from provisioner.runs.brakes import Brake
from provisioner.runs.crash import stand_in
from provisioner.runs.crew import Crew
from provisioner.runs.duty import Assignment, Job, Look
from provisioner.runs.fleet import each, worst
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target


def survey(
    targets: Sequence[Target],
    work: Callable[[Target], Outcome],
    audience: Audience,
    *,
    forks: int,
    crew: Crew = each,
) -> list[Outcome]:
    """Return the outcome of `work` on every host, in the order of `targets`."""
    audience.begin("looking at", len(targets))
    brake = Brake()
    return crew(
        list(map(Job, targets)),
        Assignment(Look(work), audience, brake),
        forks=forks,
        instead=lambda job, error: stand_in(Outcome(job.target.name, "planned"), error),
        done=audience.done,
        brake=brake,
        waiting=audience.waiting,
    )


def exit_code(outcomes: Sequence[Outcome], *, difference: bool = False) -> int:
    """The worst host's; with `difference`, a host that would change makes that 9."""
    codes = [outcome.exit_code for outcome in outcomes]
    if difference and any(outcome.status == "planned" for outcome in outcomes):
        codes.append(DifferenceError.exit_code)
    return worst(codes)
