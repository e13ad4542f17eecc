"""What a resumed run goes on with."""

from __future__ import annotations

from provisioner.runs.history import runs


def resumed_runs(name: str | None) -> tuple[str, ...]:
    """The runs that one which resumes `name` goes on with: `name` itself, and those that it resumed in turn."""
    if name is None:
        return ()
    known = {record.id: record.resumes for record in runs()}
    chain: list[str] = []
    while name and name not in chain:
        chain.append(name)
        name = known.get(name)
    return tuple(chain)
