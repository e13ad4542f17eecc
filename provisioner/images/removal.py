"""What `docker image rm` says, and what is left of the images that it was asked to remove."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.host_files.lines import lines
from provisioner.images.prune import repository
from provisioner.images.stock import Image, Stock

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{2,64})")


@dataclass(frozen=True, slots=True)
class Removed:
    """What docker says of one `reference`: names that are none any more, images and layers that are gone, in `text` to
    the byte, and in `said` what went wrong.
    """

    reference: str
    text: str
    said: str
    status: int

    @property
    def untagged(self) -> tuple[str, ...]:
        return self._after("Untagged: ")

    @property
    def deleted(self) -> tuple[str, ...]:
        return self._after("Deleted: ")

    @property
    def unknown(self) -> bool:
        """There is no such image."""
        return "no such image" in self.said.lower()

    def _after(self, word: str) -> tuple[str, ...]:
        return tuple(line[len(word) :] for line in lines(self.text) if line.startswith(word))


@dataclass(frozen=True, slots=True)
class Left:
    """An image that was to go, in whole or by one of its names, and is still there; `why` as a sentence."""

    reference: str
    image: Image
    why: str


def removed(frames: Mapping[str, str], number: int, reference: str) -> Removed:
    """Read the frames of one removal."""
    status = frames.get(f"status {number}", "")
    return Removed(
        reference,
        frames.get(f"shown {number}", ""),
        frames.get(f"said {number}", "").strip(),
        int(status) if status.isdigit() else 1,
    )


def once(references: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Return `references` without what is there twice: a word, or an image by its id in another length.

    `ids` are those of the images that the words mean, "" for none. Names of one image are not the same: each is one to
    remove. An id comes after names of its image, which would be gone with it.
    """
    named = {id_ for reference, id_ in zip(references, ids, strict=True) if id_ and not is_id(reference, id_)}
    first: list[str] = []
    after: list[str] = []
    seen: set[str] = set()
    for reference, id_ in zip(references, ids, strict=True):
        mark = id_ if id_ and is_id(reference, id_) else reference
        if mark not in seen:
            (after if mark in named else first).append(reference)
            seen.add(mark)
    return [*first, *after]


def is_id(reference: str, id_: str) -> bool:
    """The word means that image by the beginning of its id."""
    match = _ID.fullmatch(reference)
    return match is not None and id_.removeprefix("sha256:").startswith(match[1])


def left(answers: Sequence[Removed], before: Mapping[str, str], after: Stock) -> list[Left]:
    """Return what is still there, and why; `before` are ids by reference."""
    found = []
    for answer in answers:
        image = after.images.get(before.get(answer.reference, ""))
        if image is not None:
            found.append(Left(answer.reference, image, why_left(image, after, answer)))
    return found


def why_left(image: Image, after: Stock, answer: Removed) -> str:
    """Why an image is still there: its containers, its other names, images that were built on it."""
    why = []
    if users := after.users(image.id):
        why.append(_some([user.told for user in users]) + (" uses it" if len(users) == 1 else " use it"))
    others = [name for name in image.tags if name not in {answer.reference, f"{answer.reference}:latest"}]
    if is_id(answer.reference, image.id):
        several = len({repository(name) for name in image.tags}) > 1
        why += [f"it has names in several repositories: {_some(others)}"] if several else []
    elif others:
        why.append(f"it is {_some(others)} as well")
    if children := after.children(image.id):
        why.append(f"{_some([child.name for child in children])} {'is' if len(children) == 1 else 'are'} built on it")
    return "; ".join(why) or answer.said or "docker does not say why"


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")
