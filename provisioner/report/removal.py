"""What is asked before data is deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.runs.outcome import Outcome


def name_questions(pending: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    """Yield for each host the name that it gives itself, and the question that this name answers."""
    for outcome in pending:
        name = outcome.facts.hostname if outcome.facts else outcome.host
        deletes = any(step.id == "data" for step in outcome.plan.steps) if outcome.plan else False
        what = "delete its data" if deletes else "remove what is left there"
        yield name, f"{outcome.host}: type the name of this host, {name}, to {what}: "
