"""Which images of an engine may go, which stay, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatchcase

from provisioner.images.claims import claim
from provisioner.images.stock import Image, Stock

_ID = re.compile("[0-9a-f]{4,64}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What may go: untagged images, all that no container uses where `everything`; of those only the ones that the
    rest allows. `names` and `protect` are patterns of names, `labels` and `not_labels` KEY or KEY=VALUE.
    """

    everything: bool = False
    names: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    until: datetime | None = None
    labels: tuple[str, ...] = ()
    not_labels: tuple[str, ...] = ()
    keep_last: int | None = None
    unused_since: datetime | None = None

    @property
    def all(self) -> bool:
        """Images with a tag are meant as well: to keep the last ones or those in use is said of them."""
        return self.everything or self.keep_last is not None or self.unused_since is not None


@dataclass(frozen=True, slots=True)
class Going:
    """An image that may go. `held` is why its layers stay, where it loses only its names."""

    image: Image
    why: str
    held: str = ""

    @property
    def references(self) -> tuple[str, ...]:
        """What to remove it by without force: each of its names where it has them in several, else its id."""
        tagged = {repository(tag) for tag in self.image.tags}
        other = tuple(name for name in self.image.digests if repository(name) not in tagged)
        several = len(self.image.tags) > 1 or len(tagged | {repository(name) for name in other}) > 1
        return (*self.image.tags, *other) if several or self.held else (self.image.id,)


@dataclass(frozen=True, slots=True)
class Staying:
    """An image that stays. `kind` is one word for the reason."""

    image: Image
    why: str
    kind: str


@dataclass(frozen=True, slots=True)
class Pruning:
    """What goes, in an order in which nothing has to be forced, and what stays."""

    going: tuple[Going, ...]
    staying: tuple[Staying, ...]


def prune(stock: Stock, wish: Wish) -> Pruning:
    """Judge every image.

    Images that are nothing but layers of others are not judged by the wish: they go with the last of those.
    """
    children: dict[str, list[Image]] = {}
    for image in stock.images.values():
        if image.parent:
            children.setdefault(image.parent, []).append(image)
    inner = {image.id for image in stock.images.values() if not image.tags and image.id in children}
    last = _last([image for image in stock.images.values() if image.id not in inner], wish.keep_last)
    going: dict[str, Going] = {}
    staying: list[Staying] = []
    gone: set[str] = set()
    for image in sorted(stock.images.values(), key=lambda image: -_depth(image, stock.images)):
        below = [child for child in children.get(image.id, ()) if child.id not in gone]
        if image.id in inner:
            judged = _inner(image, children[image.id], below, stock, wish)
        else:
            judged = _outer(image, below, stock, wish, last)
        if isinstance(judged, Staying):
            staying.append(judged)
            continue
        going[image.id] = judged
        if not judged.held:
            gone.add(image.id)
    return Pruning(tuple(going.values()), tuple(staying))


def matches(patterns: Sequence[str], image: Image) -> bool:
    """One of the patterns is a name of it, with or without the tag, or the beginning of its id; * is any text."""
    words = [word for name in (*image.tags, *image.digests) for word in (name, repository(name))]
    ids = [pattern.removeprefix("sha256:") for pattern in patterns]
    begins = any(_ID.fullmatch(id_) and image.id.removeprefix("sha256:").startswith(id_) for id_ in ids)
    return begins or any(fnmatchcase(word, pattern) for word in words for pattern in patterns)


def repository(name: str) -> str:
    """A name without its tag and its digest."""
    name = name.partition("@")[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


def _stays(image: Image, stock: Stock, wish: Wish, last: Mapping[str, str]) -> tuple[str, str] | None:
    """Why an image stays, a kind and a sentence; None when it may go."""
    if users := stock.users(image.id):
        more = f" and {len(users) - 1} more" if len(users) > 1 else ""
        verb = "use" if more else "uses"
        return "container", f"{users[0].told}{more} {verb} it"
    if wish.names and not matches(wish.names, image):
        return "named", "it was not named"
    if not wish.all and not _dangling(image, stock):
        return "tag", "it has a name"
    if matches(wish.protect, image):
        return "protected", "--protect"
    owner, by = claim(image.labels, (*image.tags, *image.digests))
    named = bool(wish.names) or any(_has({by.partition("=")[0]: by.partition("=")[2]}, label) for label in wish.labels)
    if owner and not named:
        return "claimed", f"{owner} claims it: {by}"
    return _filtered(image, wish) or _recent(image, stock, wish, last)


def _filtered(image: Image, wish: Wish) -> tuple[str, str] | None:
    if wish.until and (image.created is None or image.created >= wish.until):
        return "until", "nothing tells when it was built" if image.created is None else "it was built later"
    if not all(_has(image.labels, label) for label in wish.labels):
        return "label", "it has not that label"
    if excluding := next((label for label in wish.not_labels if _has(image.labels, label)), ""):
        return "label", f"it has the label {excluding}"
    return None


def _recent(image: Image, stock: Stock, wish: Wish, last: Mapping[str, str]) -> tuple[str, str] | None:
    if image.id in last:
        return "last", f"one of the last {wish.keep_last} of {last[image.id]}"
    if wish.unused_since:
        if image.got is None:
            return "used", "nothing tells when this host got it"
        if (seen := _seen(image, stock)) >= wish.unused_since:
            return "used", f"it was got or used on {seen:%Y-%m-%d %H:%M}"
    return None


def _seen(image: Image, stock: Stock) -> datetime:
    """When the engine last knew of a use of an image, or of its coming here."""
    known = [moment for moment in (image.got, image.tagged) if moment]
    words = {image.id, *image.tags, *image.digests, *(repository(tag) for tag in image.tags if tag.endswith(":latest"))}
    times = [time for time, word in stock.uses if word in words]
    return max([*known, *(datetime.fromtimestamp(time, timezone.utc) for time in times)])


def _why(image: Image, stock: Stock, wish: Wish) -> str:
    why = [] if image.tags else ["it has no tag"]
    if wish.keep_last is not None and image.tags:
        why.append(f"not one of the last {wish.keep_last} of {repository(image.tags[0])}")
    if wish.unused_since:
        why.append(f"not used since {_seen(image, stock):%Y-%m-%d}")
    return ", ".join(why) or "no container uses it"


def _last(images: Sequence[Image], number: int | None) -> dict[str, str]:
    """The last `number` images of each repository by their build date, then by when they came; by id."""
    if number is None:
        return {}
    by_repository: dict[str, list[Image]] = {}
    for image in images:
        for name in {repository(tag) for tag in image.tags}:
            by_repository.setdefault(name, []).append(image)
    never = datetime.fromtimestamp(0, timezone.utc)
    found: dict[str, str] = {}
    for name, some in sorted(by_repository.items()):
        some.sort(key=lambda image: (image.created or never, image.got or never, image.id), reverse=True)
        found.update((image.id, name) for image in some[:number])
    return found


def _outer(image: Image, below: Sequence[Image], stock: Stock, wish: Wish, last: Mapping[str, str]) -> Going | Staying:
    """An image that somebody may know by a name; `below` are the children of it that stay."""
    if reason := _stays(image, stock, wish, last):
        return Staying(image, reason[1], reason[0])
    return Going(image, _why(image, stock, wish), _built_on(below) if below else "")


def _inner(
    image: Image, children: Sequence[Image], below: Sequence[Image], stock: Stock, wish: Wish
) -> Going | Staying:
    """An image that is nothing but layers of its children: it goes with the last of them."""
    if users := stock.users(image.id):
        return Staying(image, f"{users[0].told} uses it", "container")
    if below:
        return Staying(image, _built_on(below), "parent")
    if matches(wish.protect, image):
        return Staying(image, "--protect", "protected")
    if owner := claim(image.labels, ())[0]:
        return Staying(image, f"{owner} claims it", "claimed")
    return Going(image, f"it was only there for {children[0].name}")


def _dangling(image: Image, stock: Stock) -> bool:
    """What `docker image prune` means by that: graph drivers leave a digest to an image that lost its tag."""
    return not image.tags and not (stock.containerd and image.digests)


def _has(labels: Mapping[str, str], label: str) -> bool:
    key, equals, value = label.partition("=")
    return key in labels and (not equals or labels[key] == value)


def _built_on(children: Sequence[Image]) -> str:
    more = f" and {len(children) - 1} more" if len(children) > 1 else ""
    return f"{children[0].name}{more} {'are' if more else 'is'} built on it"


def _depth(image: Image, images: Mapping[str, Image]) -> int:
    return sum(1 for _ in _ancestors(image, images))


def _ancestors(image: Image, images: Mapping[str, Image]) -> Iterator[Image]:
    seen = {image.id}
    while (above := images.get(image.parent)) is not None and above.id not in seen:
        seen.add(above.id)
        yield above
        image = above
