"""Runs as the history has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

PENDING = "pending"
"""The status of a host that has no outcome."""


@dataclass(frozen=True, slots=True)
class PastHost:
    """A host of a run. `status` is that of its outcome, PENDING before there is one. `done`: nothing is left to do
    there. `wanted` is the fingerprint of its wanted state, `at` when the outcome came, in seconds since the epoch.
    """

    name: str
    wanted: str
    status: str
    done: bool
    changed: bool
    docker_version: str | None
    registry_mirrors: tuple[str, ...]
    error: str | None
    hint: str | None
    exit_code: int
    seconds: float
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class PastShard:
    """A share of a run's fleet as it went the last time; `name` is K/N, "" for a run that is not divided."""

    name: str
    started: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run. `ended` is None while it goes on, and for good when it was cut off; `counts` tells how many hosts have
    which status. `hosts` is empty in a list of runs.
    """

    id: str
    command: str
    argv: tuple[str, ...]
    wanted: str
    resumes: str | None
    started: float
    ended: float | None
    counts: Mapping[str, int]
    exit_codes: tuple[int, ...]
    hosts: tuple[PastHost, ...] = ()
    shards: tuple[PastShard, ...] = ()

    @property
    def divided(self) -> bool:
        return any(shard.name for shard in self.shards)


def counts(hosts: Sequence[PastHost]) -> dict[str, int]:
    """Return how many hosts have which status."""
    return dict(Counter(host.status for host in hosts))


def last_word(earlier: PastHost, later: PastHost) -> PastHost:
    """Return what holds of a host that a run has two words of.

    An outcome counts more than none, and a later one more than an earlier one. What a run has changed it has changed,
    whatever a repeat of it finds. Words that are joined in the order of time may be joined in any grouping.
    """
    if _is_outcome(later) or not _is_outcome(earlier):
        said = later if later.status != PENDING else earlier
    else:
        said = earlier
    seen = later if later.docker_version is not None else earlier
    changed = earlier.changed or later.changed
    return replace(
        said,
        status="changed" if changed and said.done else said.status,
        changed=changed,
        docker_version=seen.docker_version,
        registry_mirrors=seen.registry_mirrors,
        seconds=max(earlier.seconds, later.seconds),
    )


def _is_outcome(host: PastHost) -> bool:
    """It was not left out undone, and not left off before its end."""
    return host.status not in {PENDING, "planned", "skipped", "cancelled"} or (host.status == "skipped" and host.done)
