"""The public mirrors that are known, from data/registry_mirrors.toml."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from provisioner.catalogue.rows import data

State = Literal["alive", "restricted", "dead"]


@dataclass(frozen=True, slots=True)
class KnownMirror:
    """One row; `since` and `restriction` are "" where nothing is known, `date` is that of `source`."""

    url: str
    operator: str
    state: State
    restriction: str
    since: str
    note: str
    date: str
    source: str

    @property
    def explained(self) -> str:
        """State and restriction in words: `dead since 2019: ...`."""
        word = _WORDS[self.restriction] if self.restriction else self.state
        since = f" since {self.since}" if self.since else ""
        return f"{word}{since}: {self.note}" if self.note else f"{word}{since}"

    def is_at(self, url: str) -> bool:
        host = re.escape(urlsplit(self.url).hostname or "").replace("<id>", r"[a-z0-9-]+")
        return re.fullmatch(host, urlsplit(url).hostname or "") is not None


@functools.cache
def known_mirrors() -> tuple[KnownMirror, ...]:
    """Return all rows, those that work first."""
    return tuple(
        KnownMirror(
            url=row["url"],
            operator=row["operator"],
            state=row["state"],
            restriction=row.get("restriction", ""),
            since=row.get("since", ""),
            note=row.get("note", ""),
            date=str(row["date"]),
            source=row["source"],
        )
        for row in data("registry_mirrors")["mirror"]
    )


def known_mirror(url: str) -> KnownMirror | None:
    """Return the row of the mirror at `url`; scheme, port and path do not matter, personal accelerators match."""
    return next((row for row in known_mirrors() if row.is_at(url)), None)


def alive_mirrors() -> tuple[str, ...]:
    """Return the URLs that are worth asking."""
    return tuple(row.url for row in known_mirrors() if row.state == "alive")


def mirror_warnings(urls: Iterable[str]) -> Iterator[str]:
    """Yield what is known against each of `urls`; a mirror that nobody knows is fine."""
    for url in urls:
        row = known_mirror(url)
        if row and (row.state != "alive" or row.restriction):
            yield f"{url} is known: {row.explained} ({row.date})"


_WORDS = {
    "intranet": "intranet only",
    "account": "personal accelerator",
    "cloud": "from its own cloud only",
    "region": "restricted by region",
    "allow-list": "allow-list",
}
