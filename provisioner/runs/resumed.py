"""What a resumed run goes on with."""

from __future__ import annotations

from provisioner.runs.brakes import Brakes
from provisioner.runs.history import runs
from provisioner.runs.past_run import PastRun


def resumed_runs(name: str | None) -> tuple[str, ...]:
    """The runs that one which resumes `name` goes on with: `name` itself, and those that it resumed in turn."""
    return tuple(_chain(name))


def brakes_of(name: str) -> Brakes:
    """Return the brakes that a run was started with; one that went on with another has that one's."""
    said = (Brakes.said(record.argv) for record in _chain(name).values() if record)
    return next((brakes for brakes in said if brakes != Brakes()), Brakes())


def _chain(name: str | None) -> dict[str, PastRun | None]:
    """Each run with what the history has of it."""
    if name is None:
        return {}
    known = {record.id: record for record in runs()}
    chain: dict[str, PastRun | None] = {}
    while name and name not in chain:
        record = chain[name] = known.get(name)
        name = record.resumes if record else None
    return chain
