"""What an engine has, as values: its images and the containers that use them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from provisioner.errors import FactsError
from provisioner.host_files.lines import lines
from provisioner.images.listing import instant, told

_LABELS = told("Config", "Labels")
_OF_IMAGE = ("Size", "Parent", "RepoTags", "RepoDigests")
IMAGE = "\t".join(
    [
        *map(told, ("Id", "Created")),
        told("Metadata", "LastTagTime"),
        *map(told, _OF_IMAGE),
        told("RootFS", "Layers"),
        _LABELS,
    ]
)
"""Template for `docker image inspect`."""

CONTAINER = "\t".join([*map(told, ("Id", "Image", "Name")), told("State", "Status"), _LABELS])
"""Template for `docker container inspect`."""

SEEN = told("Metadata", "LastTagTime") + "".join(
    f'{{{{range (index . "{names}")}}}}\n{{{{.}}}}{{{{end}}}}' for names in ("RepoTags", "RepoDigests")
)
"""Template for `docker image inspect`: what is another when an image was tagged, or its tag pulled anew."""

USE = '{{.Time}}\t{{if eq .Type "container"}}{{json .Actor.Attributes.image}}{{else}}{{json .Actor.ID}}{{end}}'
"""Template for `docker events`."""

_DIGITS = 11
_ENDLESS = 10**_DIGITS
"""Seconds since 1970 that are a time."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image of one engine: `created` is when it was built, `got` when it came here, as far as that is known,
    `tagged` when it was last tagged here, `size` what inspect says in bytes, `layers` the digests of their contents
    from the bottom up. `seen` has lines that are others when somebody has tagged it in the meantime, as SEEN prints
    them, sorted.
    """

    id: str
    created: datetime | None = None
    got: datetime | None = None
    tagged: datetime | None = None
    size: int = 0
    parent: str = ""
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    seen: str = ""

    @property
    def short(self) -> str:
        return self.id.removeprefix("sha256:")[:12]

    @property
    def name(self) -> str:
        """Its tags; the name that its digest has, where there is none; else its id."""
        return " ".join(self.tags) or " ".join(name[: name.rfind("@") + 20] for name in self.digests) or self.short


@dataclass(frozen=True, slots=True)
class Container:
    """A container: the id of its image, and docker's word for its state."""

    id: str
    image: str
    name: str
    state: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """The container and whether it runs."""
        return f"container {self.name or self.id[:12]} ({self.state})"


@dataclass(frozen=True, slots=True)
class Stock:
    """What an engine had at `time`, by its own clock. `containerd`: its images are in containerd's store. `uses` are
    times at which the engine remembers that an image was used or got, by the words that it was called by.
    """

    images: Mapping[str, Image]
    containers: tuple[Container, ...] = ()
    containerd: bool = False
    uses: tuple[tuple[float, str], ...] = ()
    time: str = ""

    def users(self, image: str) -> tuple[Container, ...]:
        """The containers of an image, running or not."""
        return tuple(container for container in self.containers if container.image == image)

    def children(self, image: str) -> tuple[Image, ...]:
        """The images that were built on an image, as far as the engine knows."""
        return tuple(other for other in self.images.values() if other.parent == image)


def stock(found: Mapping[str, str]) -> Stock:
    """Read the frames of templates/images/stock.sh and stock.sh.j2; only those of the first are needed.

    Raises:
        FactsError: they are something else.
    """
    files = dict(_file(line) for line in lines(found.get("files", "")) if line.strip())
    _, time, driver, *_ = [*found.get("info", "").split("\n"), "", "", ""]
    return Stock(
        {image.id: image for image in (_image(row, files) for row in _rows(found.get("images", ""), 9))},
        tuple(map(_container, _rows(found.get("containers", ""), 5))),
        containerd="io.containerd.snapshotter" in driver,
        uses=tuple(
            (float(time), _word(name))
            for time, name in _rows(found.get("uses", ""), 2)
            if isinstance(time, int) and 0 <= time < _ENDLESS
        ),
        time=time if instant(time) else "",
    )


def _file(line: str) -> tuple[str, datetime | None]:
    """An image's id and when its description was written, from a line of `stat`."""
    seconds, _, path = line.partition(" ")
    known = seconds.isdigit() and len(seconds) <= _DIGITS
    return f"sha256:{path.rpartition('/')[2]}", datetime.fromtimestamp(int(seconds), timezone.utc) if known else None


def _image(row: list[Any], files: Mapping[str, datetime | None]) -> Image:
    id_, created, time, size, parent, tags, digests, layers, labels = row
    tagged = instant(_word(time))
    return Image(
        id=_word(id_),
        created=instant(_word(created)),
        got=files.get(_word(id_)) or tagged,
        tagged=tagged,
        size=size if isinstance(size, int) and size > 0 else 0,
        parent=_word(parent),
        tags=_words(tags),
        digests=_words(digests),
        layers=_words(layers),
        labels=_labels(labels),
        seen="\n".join(sorted([json.dumps(time), *_texts(tags), *_texts(digests)])),
    )


def _container(row: list[Any]) -> Container:
    id_, image, name, state, labels = row
    return Container(_word(id_), _word(image), _word(name).removeprefix("/"), _word(state), _labels(labels))


def _rows(text: str, width: int) -> Iterator[list[Any]]:
    for line in lines(text):
        if not line.strip():
            continue
        parts = line.split("\t")
        if len(parts) != width:
            raise FactsError(f"the engine's client says {line[:200]!r}, which is not what it was asked")
        try:
            yield [json.loads(part) for part in parts]
        except (ValueError, RecursionError) as cause:
            raise FactsError(f"the engine's client says {line[:200]!r}, which is no JSON") from cause


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word for word in _texts(value) if "<none>" not in word)


def _texts(value: Any) -> list[str]:
    return [word for word in value if isinstance(word, str) and word] if isinstance(value, list) else []


def _labels(value: Any) -> dict[str, str]:
    return {str(key): str(word) for key, word in value.items()} if isinstance(value, dict) else {}
