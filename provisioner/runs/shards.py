"""Which hosts are whose, when several controllers share a fleet: chosen by name alone, so that nobody has to agree."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from provisioner.errors import UsageError

MOST = 10_000
"""Shards of one run."""


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """Share `number`, from 1 on, of a fleet that is divided into `of` shares."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read K/N.

        Raises:
            UsageError: it is no share.
        """
        found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text.strip())
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of <= MOST:
            raise UsageError(
                f"--shard {text}: not a share of the hosts",
                hint=f"write K/N, such as 1/4 for the first of four; N is {MOST} at most",
            )
        return cls(number, of)

    def has(self, key: str) -> bool:
        """Whether what is called `key` is in this share; it is in exactly one of them."""
        return _bucket(key, self.of) == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def keys(hosts: Mapping[str, Collection[str]], together: str = "") -> dict[str, str]:
    """Return by which word each host is given to a shard: its own name, or that of a group it stays together with.

    `hosts` are names with their groups; `together` are patterns of groups with commas between them. Groups that share
    a host stay together as well.

    Raises:
        UsageError: no host is in a group that a pattern names.
    """
    patterns = [pattern.strip() for pattern in together.split(",") if pattern.strip()]
    names = {group for groups in hosts.values() for group in groups}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(
                f"--keep-together: no host is in a group {pattern!r}",
                hint=f"groups of these hosts: {', '.join(sorted(names)) or 'none'}",
            )
    first: dict[str, str] = {}  # a group -> one that stays together with it, and sorts before it

    def root(group: str) -> str:
        while first.get(group, group) != group:
            group = first[group]
        return group

    kept = {
        name: [group for group in groups if any(fnmatchcase(group, pattern) for pattern in patterns)]
        for name, groups in hosts.items()
    }
    for groups in kept.values():
        roots = sorted({root(group) for group in groups})
        first.update(dict.fromkeys(roots, roots[0]) if roots else {})
    return {name: f"group {root(groups[0])}" if groups else name for name, groups in kept.items()}


def _bucket(key: str, buckets: int) -> int:
    """Jump consistent hash (Lamping and Veach, 2014): one bucket more takes its keys from all the others, and moves
    no key between those.
    """
    state = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    bucket, following = -1, 0
    while following < buckets:
        bucket = following
        state = (state * 2862933555777941757 + 1) % 2**64
        following = (bucket + 1) * 2**31 // ((state >> 33) + 1)
    return bucket
