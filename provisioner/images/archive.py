"""What `docker save` writes: which images, and of what each is made; both its layouts have the same manifest.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from provisioner.errors import UsageError
from provisioner.images.layers import chains

MANIFEST = "manifest.json"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PATH = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]*(?:/[0-9A-Za-z_][0-9A-Za-z_.-]*)*")


@dataclass(frozen=True, slots=True)
class Entry:
    """An image in an archive: its names, and where its configuration and its layers are, the lowest first."""

    tags: tuple[str, ...]
    config: str
    layers: tuple[str, ...]


def entries(text: str) -> list[Entry]:
    """Read manifest.json.

    Raises:
        UsageError: it is none.
    """
    try:
        found = [
            Entry(tuple(row["RepoTags"] or ()), row["Config"], tuple(row["Layers"] or ())) for row in json.loads(text)
        ]
        sound = all(_PATH.fullmatch(path) for entry in found for path in (entry.config, *entry.layers))
        sound = sound and all(isinstance(tag, str) for entry in found for tag in entry.tags)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        found, sound = [], False
    if not sound:
        raise UsageError(f"its {MANIFEST} is not one of docker save")
    if not found:
        raise UsageError("it holds no image")
    return found


def diff_ids(config: str, layers: int) -> tuple[str, ...]:
    """Return the digests of an image's unpacked layers, by its configuration, which must have so many.

    Raises:
        UsageError: it is no configuration of such an image.
    """
    try:
        found: Any = json.loads(config)["rootfs"]["diff_ids"] or []
        sound = len(found) == layers and all(_DIGEST.fullmatch(digest) for digest in found)
    except (ValueError, RecursionError, TypeError, KeyError) as cause:
        raise UsageError("a configuration in it is none of an image") from cause
    if not sound:
        raise UsageError("a configuration in it does not name its layers")
    return tuple(found)


def missing(diffs: Sequence[str], there: Iterable[Sequence[str]]) -> list[int]:
    """Return which layers of an image a graph driver lacks that has images with the layers `there`."""
    known = {chain for layers in there for chain in chains(layers)}
    return [number for number, chain in enumerate(chains(diffs)) if chain not in known]


def manifest(rows: Iterable[tuple[Sequence[str], str, Sequence[str]]]) -> str:
    """Return a manifest.json of images: their names, and the files of configuration and layers."""
    return json.dumps(
        [{"Config": config, "RepoTags": list(tags), "Layers": list(layers)} for tags, config, layers in rows]
    )
