"""What an engine lists, as values: images by their names, and which of them are meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from provisioner.errors import FactsError, UsageError
from provisioner.host_files.lines import lines

NONE = "<none>"
"""What an engine shows for a repository, a tag or a digest that an image has not."""


def told(*names: str) -> str:
    """A template for what `docker inspect` knows by a path of these names, as JSON; null where it has no such thing.

    Engines leave out what is empty: since 26 the date of an image, since 29 (API 1.52) its parent and labels as well.
    A template that names what is not there fails for the whole image.
    """
    *above, last = names
    inner = f'{{{{json (index . "{last}")}}}}'
    for name in reversed(above):
        inner = f'{{{{with (index . "{name}")}}}}{inner}{{{{else}}}}null{{{{end}}}}'
    return inner


DETAILS = "\t".join(map(told, ("Id", "Created", "Size", "Parent", "RepoTags", "RepoDigests", "Os", "Architecture")))
"""Template for `docker image inspect`; `details` reads what it prints."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_SPAN = re.compile(r"(?:(\d+(?:\.\d+)?)(h|m|s))+")
_SECONDS = {"h": 3600, "m": 60, "s": 1, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class Details:
    """What `docker image inspect` says of an image: `created` is when it was built, `size` bytes unpacked."""

    id: str
    created: datetime | None
    size: int
    parent: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    platform: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of `docker image ls`, as its client writes it; an image has one for each of its names."""

    repository: str
    tag: str
    digest: str
    id: str
    created_since: str
    created_at: str
    size: str

    @property
    def name(self) -> str:
        """Repository and tag; the digest where there is no tag; the id where there is neither."""
        if self.repository == NONE:
            return self.id
        if self.tag == NONE:
            return f"{self.repository}@{self.digest}" if self.digest != NONE else f"{self.repository}:{NONE}"
        return f"{self.repository}:{self.tag}"

    @property
    def untagged(self) -> bool:
        return self.tag == NONE


def rows(text: str) -> tuple[Row, ...]:
    """Read what `docker image ls --format '{{json .}}'` printed.

    Raises:
        FactsError: it is something else.
    """
    return tuple(_row(_object(line)) for line in lines(text) if line.strip())


def details(text: str) -> dict[str, Details]:
    """Read what `docker image inspect` printed with DETAILS; by id.

    Raises:
        FactsError: it is something else.
    """
    found = {}
    for line in lines(text):
        if not line.strip():
            continue
        values = [json_value(part) for part in line.split("\t")]
        if len(values) != 8:
            raise FactsError(f"an image is described by {line[:200]!r}")
        image = _details(values)
        found[image.id] = image
    return found


def details_of(rows: Iterable[Row]) -> dict[str, Details]:
    """What rows themselves tell of their images, by id: names and digests, no dates and no bytes."""
    tags: dict[str, list[str]] = {}
    digests: dict[str, list[str]] = {}
    for row in rows:
        tags.setdefault(row.id, []).extend([row.name] if not row.untagged else [])
        digests.setdefault(row.id, []).extend([f"{row.repository}@{row.digest}"] if row.digest != NONE else [])
    return {id_: Details(id_, None, 0, "", tuple(tags[id_]), tuple(digests[id_]), "") for id_ in tags}


def instant(text: str) -> datetime | None:
    """The time that an engine writes as RFC 3339; None where it writes none."""
    match = _TIME.match(text)
    if match is None or match[1].startswith("0001"):
        return None
    zone = "+00:00" if match[3] == "Z" else match[3]
    try:
        return datetime.fromisoformat(f"{match[1]}.{(match[2] or '0')[:6]:0<6}{zone}")
    except ValueError:
        return None


def before(text: str, now: datetime) -> datetime:
    """The time that `until=` means: one of RFC 3339, a date, seconds since 1970, or a span before `now` such as 24h.

    Days and weeks are taken as well: 7d, 2w.

    Raises:
        UsageError: it is none of these.
    """
    if (back := span(text)) is not None:
        return now - back
    if re.fullmatch(r"\d{1,11}(\.\d{1,9})?", text):
        return datetime.fromtimestamp(float(text), timezone.utc)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as cause:
        raise UsageError(
            f"until={text}: is no time", hint="until=24h, until=7d, until=2026-11-01 or until=2026-11-01T08:00:00Z"
        ) from cause
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def span(text: str) -> timedelta | None:
    """The time that 36h, 1h30m, 30d or 2w is long; None where it is no such word."""
    if re.fullmatch(r"\d{1,5}[dw]", text):
        return timedelta(seconds=int(text[:-1]) * _SECONDS[text[-1]])
    if not _SPAN.fullmatch(text):
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|m|s)", text)
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))


def intermediate(images: Mapping[str, Details]) -> set[str]:
    """Ids of images that are nothing but layers of others: a list without `-a` leaves them out when untagged."""
    return {image.parent for image in images.values() if image.parent}


def kept(
    found: Iterable[tuple[str, bool]], images: Mapping[str, Details], *, everything: bool, until: datetime | None
) -> Iterator[bool]:
    """Say of each (id, untagged) whether it is meant: `everything` with intermediate ones, `until` those built before.

    An image of which an engine does not say when it was built is not one that was built before.
    """
    inner = intermediate(images)
    for id_, untagged in found:
        image = images.get(id_)
        created = image.created if image else None
        old = until is None or (created is not None and created < until)
        yield old and (everything or not untagged or id_ not in inner)


def _row(value: Mapping[str, Any]) -> Row:
    word = {name: str(value.get(name) or "") for name in ("Repository", "Tag", "Digest", "ID")}
    return Row(
        repository=word["Repository"] or NONE,
        tag=word["Tag"] or NONE,
        digest=word["Digest"] or NONE,
        id=word["ID"],
        created_since=str(value.get("CreatedSince") or "N/A"),
        created_at=str(value.get("CreatedAt") or ""),
        size=str(value.get("Size") or ""),
    )


def _details(values: list[Any]) -> Details:
    id_, created, size, parent, tags, digests, system, architecture = values
    return Details(
        id=str(id_),
        created=instant(str(created)),
        size=size if isinstance(size, int) else 0,
        parent=parent if isinstance(parent, str) else "",
        tags=_words(tags),
        digests=_words(digests),
        platform=f"{system}/{architecture}",
    )


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


def _object(line: str) -> dict[str, Any]:
    value = json_value(line)
    if not isinstance(value, dict):
        raise FactsError(f"an image is listed as {line[:200]!r}")
    return value


def json_value(text: str) -> Any:
    """Raises FactsError: it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise FactsError(f"the engine's client says {text[:200]!r}, which is no JSON") from cause
