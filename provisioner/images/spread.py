"""Which hosts have which image: what is missing somewhere, and what is another image under the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.images.listing import NONE, Details, Row


@dataclass(frozen=True, slots=True)
class Copy:
    """An image on one host under a name: its id there, and the digests that registries know it by.

    A digest is one of the content, whichever repository it was seen in; `own` are those of the name's repository.
    `parts` are digests of what an index lists for the platforms that are there: an image may be known by one of those.
    """

    id: str
    digests: frozenset[str]
    size: int
    own: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    platform: str = ""

    @property
    def told(self) -> str:
        """What it is told apart by, in twelve digits: a digest, or the id where it has none."""
        return min(self.own or self.digests or {self.id}).removeprefix("sha256:")[:12]


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
                by_name.setdefault(row.name, {})[host] = copy_of(row.repository, row.id, images.get(row.id))
    return [spread(name, copies) for name, copies in sorted(by_name.items())]


def spread(name: str, copies: Mapping[str, Copy]) -> Spread:
    """Compare the copies that hosts have under one name."""
    groups: list[tuple[set[str], list[str]]] = []
    for host, copy in copies.items():
        marks = {copy.id, *copy.digests, *copy.parts}
        same = [group for group in groups if group[0] & marks]
        joined = (marks.union(*(group[0] for group in same)), [h for group in same for h in group[1]] + [host])
        groups = [group for group in groups if group not in same] + [joined]
    ordered = sorted((tuple(hosts) for _, hosts in groups), key=len, reverse=True)
    certain = len(groups) == 1 or all(copy.digests for copy in copies.values())
    return Spread(name, copies, tuple(ordered), certain)


def copy_of(repository: str, id_: str, image: Details | None, parts: frozenset[str] = frozenset()) -> Copy:
    """An image as the copy that a host has of it under a name in `repository`."""
    known = [digest.rpartition("@") for digest in (image.digests if image else ())]
    own = frozenset(digest for name, _, digest in known if name == repository)
    return Copy(
        id_,
        digests=frozenset(digest for _, _, digest in known),
        size=image.size if image else 0,
        own=own,
        parts=parts,
        platform=image.platform if image else "",
    )
