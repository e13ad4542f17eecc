"""A run that has its name from outside: its parts are of one command, one division and one wanted state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.errors import UsageError
from provisioner.runs.history import fingerprint, run, runs
from provisioner.runs.past_run import PastRun
from provisioner.runs.shards import Shard
from provisioner.wanted.spec import Spec


@dataclass(frozen=True, slots=True)
class Part:
    """Which share of which run: `run` is its name, None for a new one; `shard` is K/N, "" where it is not divided."""

    run: str | None = None
    shard: str = ""


WHOLE = Part()


def refuse_other_use(name: str, command: str, shard: str, wanted: Mapping[str, Spec]) -> None:
    """Refuse to go on with the run `name` with what does not fit what the history has of it.

    Raises:
        UsageError: the run is one of another command, is divided otherwise, or wants something else of a host.
    """
    try:
        known = any(record.id == name for record in runs())
    except UsageError:
        return  # a history that does not work stops no run; it says so itself
    if known and (why := _unlike(run(name), command, shard, wanted)):
        raise UsageError(
            f"--run {name}: the history has a run of this name, {why}; nothing was touched",
            hint="give this run another name",
        )


def division(shard: str) -> int:
    """Into how many shards the run of this one is divided; 0 when it is not."""
    return Shard.parse(shard).of if shard else 0


def _unlike(known: PastRun, command: str, shard: str, wanted: Mapping[str, Spec]) -> str:
    if known.command != command:
        return f"of `{known.command}`"
    for there in known.shards:
        if division(there.name) != division(shard):
            return f"in {division(there.name)} shards" if there.name else "which is not divided into shards"
    for host in known.hosts:
        if host.name in wanted and fingerprint(wanted[host.name]) != host.wanted:
            return f"with another wanted state of {host.name}"
    return ""
