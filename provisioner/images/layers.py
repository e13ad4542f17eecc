"""Layers of images: what they are called, how large they are, and which go when images go."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from provisioner.host_files.lines import lines
from provisioner.images.stock import Image

HISTORY = "{{json .Size}}\t{{json .CreatedBy}}"
"""Template for `docker history --no-trunc --human=false`; `sizes` reads what it prints."""

_NO_LAYER = re.compile(
    r"(?:/bin/sh -c )?#\(nop\)\s+(?!ADD|COPY)|"
    r"(?:ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b"
)
"""How commands begin that leave no layer."""


def chains(layers: Sequence[str]) -> list[str]:
    """Return what an engine calls these layers, from the bottom up: each with all that are below it.

    The rule is that of the OCI image specification, "Layer ChainID".
    """
    found: list[str] = []
    for layer in layers:
        below = f"{found[-1]} {layer}" if found else ""
        found.append(f"sha256:{hashlib.sha256(below.encode()).hexdigest()}" if below else layer)
    return found


def sizes(histories: Mapping[str, str], images: Mapping[str, Image]) -> dict[str, int]:
    """Return bytes by what an engine calls a layer, from what `docker history` printed for images, by their ids.

    An image whose history does not tell which of its lines are layers is left out.
    """
    found: dict[str, int] = {}
    for id_, text in histories.items():
        image = images.get(id_)
        bytes_ = layer_bytes(text, len(image.layers)) if image else None
        if image and bytes_ is not None:
            found.update(zip(chains(image.layers), bytes_, strict=True))
    return found


def layer_bytes(text: str, number: int) -> list[int] | None:
    """Return the bytes of the `number` layers of an image, from the bottom up; None where that cannot be told.

    Lines of a history that left no layer have no bytes, as some layers have none: those are told apart by what made
    them, and need not be where all layers have bytes.
    """
    rows = []
    for line in lines(text):
        size, _, made = line.partition("\t")
        try:
            rows.append((int(json.loads(size)), str(json.loads(made or '""'))))
        except (ValueError, TypeError, RecursionError):
            return None
    rows.reverse()
    for meant in (
        rows,
        [row for row in rows if row[0]],
        [row for row in rows if row[0] or not _NO_LAYER.match(row[1])],
    ):
        if len(meant) == number:
            return [size for size, _ in meant]
    return None


def freed(
    going: Sequence[Image], staying: Iterable[Image], known: Mapping[str, int], *, containerd: bool = False
) -> tuple[list[int], bool]:
    """Return the bytes that go with each of `going`, removed in this order, and whether they are exact.

    A layer goes with the last image that has it. `known` are the bytes of layers by `chains`. In containerd's store
    the content goes, of which inspect tells the bytes; of a layer that another image has as well it does not, so that
    its unpacked bytes are taken for it: that is no exact answer.
    """
    left = Counter(chain for image in [*going, *staying] for chain in chains(image.layers))
    exact = True
    bytes_ = []
    for image in going:
        own = chains(image.layers)
        left.subtract(own)
        if containerd:
            shared = [chain for chain in own if left[chain] > 0]
            exact = exact and not shared
            bytes_.append(max(0, image.size - sum(known.get(chain, 0) for chain in shared)))
            continue
        gone = [chain for chain in own if left[chain] <= 0]
        exact = exact and all(chain in known for chain in gone)
        bytes_.append(sum(known.get(chain, 0) for chain in gone))
    return bytes_, exact
