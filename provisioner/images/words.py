"""The words of a command about images: which name images, which name hosts, which are filters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from provisioner.errors import UsageError
from provisioner.images.name import HUB, ImageName, image_name

FILTERS = ("before", "dangling", "label", "reference", "since", "until")
"""What `docker image ls` filters by; `until` is this program's own there, since engines differ in it."""

_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}")
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{2,64}")


def split_words(words: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return the images and the hosts among `words`: a host is USER@HOST[:PORT], which no image name is."""
    words = words or ()
    hosts = [word for word in words if _is_host(word)]
    return [word for word in words if word not in hosts], hosts


def pulled_names(texts: Sequence[str]) -> list[ImageName]:
    """Return the images that `texts` name, those that a pull takes for the same once.

    Raises:
        UsageError: a text names no image.
    """
    return list({name.pulled: name for name in map(image_name, texts)}.values())


def image_or_id(text: str) -> str:
    """Return `text` when it names an image or is an id.

    Raises:
        UsageError: it is neither.
    """
    if not _ID.fullmatch(text):
        image_name(text)
    return text


def filters(texts: Sequence[str] | None, known: Sequence[str] = FILTERS) -> dict[str, list[str]]:
    """Read KEY=VALUE filters, of those that are `known` to the command.

    Raises:
        UsageError: one is none, with those that there are.
    """
    found: dict[str, list[str]] = {}
    for text in texts or ():
        key, _, value = text.partition("=")
        key = key.strip().lower()
        if key in known and not value:
            raise UsageError(
                f"{text!r} is no filter without a value", hint=f"{key}={'true' if key == 'dangling' else '...'}"
            )
        if key not in known:
            raise UsageError(f"{text!r} is no filter", hint="filters are " + ", ".join(f"{name}=..." for name in known))
        if key == "dangling" and value not in {"true", "false", "1", "0"}:
            raise UsageError(f"dangling is true or false, not {value!r}")
        found.setdefault(key, []).append(value)
    if len(found.get("until", ())) > 1:
        raise UsageError("until can be said once")
    return found


def pattern_of(text: str) -> str:
    """Return what `docker image ls NAME` is told; a name of Docker Hub in full is shown by its short one.

    Raises:
        UsageError: it is neither a name nor a pattern of names.
    """
    if re.search(r"[*?\[\\]", text):
        return text
    name = image_name(text)
    return name.text if name.registry == HUB else text


def _is_host(word: str) -> bool:
    _, at, host = word.partition("@")
    return bool(at) and not _DIGEST.fullmatch(host)
