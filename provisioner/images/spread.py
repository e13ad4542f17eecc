"""Which hosts have which image: what is missing somewhere, and what is another image under the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.images.listing import NONE, Details, Row


@dataclass(frozen=True, slots=True)
class Copy:
    """An image on one host under a name: its id there, and its digests in the repository of that name."""

    id: str
    digests: frozenset[str]
    size: int

    @property
    def told(self) -> str:
        """What it is told apart by, in twelve digits: the digest, or the id where it has none."""
        return (min(self.digests) if self.digests else self.id).removeprefix("sha256:")[:12]


@dataclass(frozen=True, slots=True)
class Spread:
    """One name: its copies by host, and groups of hosts that have the same image, the largest first.

    Digests are compared, since an id is another one in another store. An image that no registry has given has none:
    it is the same as another only by its id, and `certain` is false where such a one stands beside others.
    """

    name: str
    copies: Mapping[str, Copy]
    groups: tuple[tuple[str, ...], ...]
    certain: bool

    @property
    def differs(self) -> bool:
        return len(self.groups) > 1


def spreads(listed: Mapping[str, tuple[Sequence[Row], Mapping[str, Details]]]) -> list[Spread]:
    """Compare what hosts list, by host: their rows and the details of their images; in the order of the names."""
    by_name: dict[str, dict[str, Copy]] = {}
    for host, (rows, images) in listed.items():
        for row in rows:
            if row.repository != NONE and not row.untagged:
                by_name.setdefault(row.name, {})[host] = _copy(row, images.get(row.id))
    return [_spread(name, copies) for name, copies in sorted(by_name.items())]


def _copy(row: Row, image: Details | None) -> Copy:
    known = image.digests if image else ()
    digests = {digest.rpartition("@")[2] for digest in known if digest.rpartition("@")[0] == row.repository}
    if row.digest != NONE:
        digests.add(row.digest)
    return Copy(row.id, frozenset(digests), image.size if image else 0)


def _spread(name: str, copies: Mapping[str, Copy]) -> Spread:
    groups: list[tuple[set[str], list[str]]] = []
    for host, copy in copies.items():
        marks = {copy.id, *copy.digests}
        same = [group for group in groups if group[0] & marks]
        joined = (marks.union(*(group[0] for group in same)), [h for group in same for h in group[1]] + [host])
        groups = [group for group in groups if group not in same] + [joined]
    ordered = sorted((tuple(hosts) for _, hosts in groups), key=len, reverse=True)
    certain = len(groups) == 1 or all(copy.digests for copy in copies.values())
    return Spread(name, copies, tuple(ordered), certain)
