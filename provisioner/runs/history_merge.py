"""Runs that are parts of one -> that one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from provisioner.errors import CancelledError, UsageError
from provisioner.runs.fleet import worst
from provisioner.runs.named_run import division
from provisioner.runs.past_run import PENDING, PastHost, PastRun, PastShard, counts, last_word
from provisioner.runs.shards import Shard


@dataclass(frozen=True, slots=True)
class Merged:
    """A run with each host once, and the shards that none of the files has anything of."""

    run: PastRun
    missing: tuple[str, ...]

    @property
    def pending(self) -> tuple[PastHost, ...]:
        """The hosts that have no outcome: their run was cut off."""
        return tuple(host for host in self.run.hosts if host.status == PENDING)

    @property
    def complete(self) -> bool:
        return not self.missing and not self.pending

    @property
    def exit_code(self) -> int:
        """The worst of the hosts' codes: one without an outcome counts as interrupted; 2 when a shard is missing."""
        codes = [CancelledError.exit_code if host.status == PENDING else host.exit_code for host in self.run.hosts]
        return worst([*codes, UsageError.exit_code] if self.missing else codes)


def merge(runs: Sequence[tuple[str, PastRun]]) -> Merged:
    """Return the run that these are parts of, or copies, each with the file that it comes from; in any order.

    Of a host that several of them have a word of, see `last_word`.

    Raises:
        UsageError: they are not of one run, one command, one division; both files are named.
    """
    (first_file, first), *others = runs
    of = _division(first_file, first)
    for file, other in others:
        for what, one, another in (
            ("run", first.id, other.id),
            ("command", first.command, other.command),
            ("number of shards", of, _division(file, other)),
        ):
            if one != another:
                raise UsageError(
                    f"{file} and {first_file} are not parts of one run: their {what} is {another} and {one}",
                    hint="name the files of one run, which --run ID gives the same name everywhere",
                )
    hosts = _joined(host for _, run in runs for host in run.hosts)
    shards = _latest(shard for _, run in runs for shard in run.shards)
    there = {shard.name for shard in shards}
    missing = tuple(str(Shard(number, of)) for number in range(1, of + 1) if str(Shard(number, of)) not in there)
    ended = [run.ended for _, run in runs if run.ended is not None]
    whole = ended and not missing and not any(host.status == PENDING for host in hosts)
    merged = replace(
        first,
        argv=_undivided(first.argv) if of else first.argv,
        started=min(run.started for _, run in runs),
        ended=max(ended) if whole else None,
        counts=counts(hosts),
        exit_codes=tuple(host.exit_code for host in hosts),
        hosts=hosts,
        shards=shards,
    )
    return Merged(merged, missing)


def _division(file: str, run: PastRun) -> int:
    found = {division(shard.name) for shard in run.shards}
    if len(found) > 1:
        raise UsageError(f"{file}: shards: parts of several divisions: {', '.join(map(str, sorted(found)))}")
    return max(found, default=0)


def _joined(words: Iterable[PastHost]) -> tuple[PastHost, ...]:
    by_host: dict[str, list[PastHost]] = {}
    for word in sorted(words, key=_order):
        by_host.setdefault(word.name, []).append(word)
    return tuple(reduce(last_word, by_host[name]) for name in sorted(by_host))


def _order(word: PastHost) -> tuple[float, str, bool, int, str]:
    """By time; what came at the same moment has an order of its own, so that the files may come in any."""
    return word.at, word.status, word.changed, word.exit_code, word.error or ""


def _latest(shards: Iterable[PastShard]) -> tuple[PastShard, ...]:
    found = {shard.name: shard for shard in sorted(shards, key=lambda shard: (shard.started, shard.ended or 0.0))}
    return tuple(found[name] for name in sorted(found, key=lambda name: Shard.parse(name) if name else Shard(1, 1)))


def _undivided(argv: Sequence[str]) -> tuple[str, ...]:
    """The words of a command line without the shard that each part has its own of."""
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--shard":
            next(words, None)
        elif not word.startswith("--shard="):
            kept.append(word)
    return tuple(kept)
