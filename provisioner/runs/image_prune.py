"""Prune the images of many hosts: look, show, and remove what was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from provisioner.errors import ApplyError, ProvisionerError, UsageError
from provisioner.images.layers import HISTORY, chains, freed, sizes
from provisioner.images.listing import before, span
from provisioner.images.prune import Going, Pruning, Wish, prune
from provisioner.images.removal import Removed, removed
from provisioner.images.stock import CONTAINER, IMAGE, SEEN, USE, Stock, stock
from provisioner.images.words import filters, pattern_of
from provisioner.remote.images import ask_engine
from provisioner.runs.answers import answers
from provisioner.runs.target import Target

LONG = 1800.0
"""Seconds that a removal may take; disks with many layers are slow."""

FILTERS = ("dangling", "label", "label!", "until")
"""What `docker image prune` filters by. `until` is the date of the build here, on every engine and store."""

LEFT = {
    "gone": "it is gone by now",
    "changed": "it was pulled or tagged anew in between",
    "used": "a container uses it by now",
}
"""Words of images/prune.sh.j2."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What may go on one host, or why nobody knows. `bytes` go with each of `pruning.going`; `exact` tells whether they
    are. `layers` are bytes by layer.
    """

    host: str
    stock: Stock = field(default_factory=lambda: Stock({}))
    pruning: Pruning = field(default_factory=lambda: Pruning((), ()))
    bytes: tuple[int, ...] = ()
    exact: bool = True
    layers: Mapping[str, int] = field(default_factory=dict)
    error: ProvisionerError | None = None

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0


@dataclass(frozen=True, slots=True)
class Gone:
    """What became of one image that was to go: docker's answer, or in `left` why it was left alone."""

    going: Going
    removed: Removed | None = None
    left: str = ""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What became of one host: its images, and the bytes of the layers that docker says are deleted."""

    host: str
    looked: Looked
    images: tuple[Gone, ...] = ()
    freed: int = 0
    exact: bool = True
    error: ProvisionerError | None = None

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0

    @property
    def left_alone(self) -> tuple[Gone, ...]:
        return tuple(gone for gone in self.images if gone.left)

    @property
    def note(self) -> str:
        """What the history keeps of it."""
        return f"{self.freed} bytes freed"

    @property
    def changed(self) -> bool:
        return any(gone.removed is not None and gone.removed.text for gone in self.images)


def look(targets: Sequence[Target], wanted: Wish, *, forks: int) -> list[Looked]:
    """Say of every host what would go there; connections stay open."""

    def ask(target: Target) -> Looked:
        since = wanted.unused_since
        found = ask_engine(
            target.transport,
            "images/stock.sh.j2",
            become_password=target.become_password,
            image=IMAGE,
            container=CONTAINER,
            since="" if since is None else str(int(since.timestamp())),
            use=USE,
            references=(),
        )
        has = stock(found)
        pruning = prune(has, wanted)
        layers = _layers(target, has, pruning)
        bytes_, exact = _freed([going for going in pruning.going if not going.held], has, layers)
        by_id = dict(zip((going.image.id for going in pruning.going if not going.held), bytes_, strict=True))
        return Looked(
            target.name,
            has,
            pruning,
            tuple(by_id.get(going.image.id, 0) for going in pruning.going),
            exact,
            layers,
        )

    return answers(targets, ask, lambda host, error: Looked(host, error=error), forks=forks, keep_open=True)


def carry_out(
    targets: Sequence[Target], looked: Sequence[Looked], *, forks: int, done: Callable[[Pruned], None]
) -> list[Pruned]:
    """Remove what was seen, and nothing else, on hosts where something was; `done` hears of each host as it ends."""
    seen = {row.host: row for row in looked}

    def change(target: Target) -> Pruned:
        row = seen[target.name]
        going = row.pruning.going
        found = ask_engine(
            target.transport,
            "images/prune.sh.j2",
            become_password=target.become_password,
            timeout=LONG,
            seen=SEEN,
            since=row.stock.time,
            items=[_item(one) for one in going],
        )
        images = []
        for number, image in enumerate(going):
            left = found.get(f"left {number}", "")
            answer = None if left else removed(found, number, " ".join(image.references))
            images.append(Gone(image, answer, LEFT.get(left, left)))
        wrong = [gone for gone in images if gone.removed and gone.removed.status != 0]
        error = None
        if wrong:
            first = wrong[0]
            more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            said = first.removed.said if first.removed else ""
            error = ApplyError(f"{target.name}: {first.going.image.name} was not removed{more}: {said}")
        bytes_, exact = _really(row, images)
        return Pruned(target.name, row, tuple(images), bytes_, exact, error)

    some = [target for target in targets if target.name in seen and seen[target.name].pruning.going]
    return answers(some, change, lambda host, error: Pruned(host, seen[host], error=error), forks=forks, done=done)


def close(targets: Sequence[Target]) -> None:
    """Close the connections that `look` left open."""
    for target in targets:
        target.transport.close()


def wish(
    names: Sequence[str],
    filters_: Sequence[str] | None,
    *,
    everything: bool,
    keep_last: int | None,
    unused_for: str | None,
    protect: Sequence[str],
) -> Wish:
    """Read what may go as the command line has it.

    Raises:
        UsageError: a name, a filter or a span is none.
    """
    now = datetime.now(timezone.utc)
    found = filters(filters_, FILTERS)
    unused = None
    if unused_for is not None:
        back = span(unused_for)
        if back is None:
            raise UsageError(f"--unused-for {unused_for}: is no span of time", hint="--unused-for 30d, or 2w, or 36h")
        unused = now - back
    dangling = found.get("dangling", ["true"])[-1]
    return Wish(
        everything=everything or dangling in {"false", "0"},
        names=tuple(map(pattern_of, names)),
        protect=tuple(protect),
        until=before(found["until"][0], now) if "until" in found else None,
        labels=tuple(found.get("label", ())),
        not_labels=tuple(found.get("label!", ())),
        keep_last=keep_last,
        unused_since=unused,
    )


def _layers(target: Target, has: Stock, pruning: Pruning) -> dict[str, int]:
    """The bytes of the layers that would go, as the engine tells them."""
    ids = [going.image.id for going in pruning.going if not going.held]
    if not ids:
        return {}
    found = ask_engine(
        target.transport, "images/history.sh.j2", become_password=target.become_password, ids=ids, history=HISTORY
    )
    return sizes({id_: found.get(id_, "") for id_ in ids}, has.images)


def _item(going: Going) -> dict[str, object]:
    """What templates/images/prune.sh.j2 is told of an image."""
    image = going.image
    names = " ".join((*image.tags, *image.digests))
    return {"id": image.id, "seen": image.seen, "names": names, "references": going.references}


def _freed(going: Sequence[Going], has: Stock, layers: Mapping[str, int]) -> tuple[list[int], bool]:
    gone = {row.image.id for row in going}
    staying = [image for image in has.images.values() if image.id not in gone]
    return freed([row.image for row in going], staying, layers, containerd=has.containerd)


def _really(row: Looked, images: Sequence[Gone]) -> tuple[int, bool]:
    """The bytes of what docker says is deleted: layers on a graph driver, images in containerd's store."""
    deleted = {word for gone in images if gone.removed for word in gone.removed.deleted}
    went = [gone.going for gone in images if gone.going.image.id in deleted]
    if row.stock.containerd:
        bytes_, exact = _freed(went, row.stock, row.layers)
        return sum(bytes_), exact
    layers = row.layers
    known = {chain for going in went for chain in chains(going.image.layers)}
    gone = deleted & known
    return sum(layers.get(chain, 0) for chain in gone), all(chain in layers for chain in gone)
