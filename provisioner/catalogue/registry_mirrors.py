"""The public mirrors that are known, from data/registry_mirrors.toml."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

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
        host = re.escape(_host(self.url)).replace("<id>", "(?:[a-z0-9-]+|<id>)")
        return re.fullmatch(host, _host(url)) is not None


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
    """Return the URLs of the mirrors whose state is alive."""
    return tuple(row.url for row in known_mirrors() if row.state == "alive")


def row_warnings(urls: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each of `urls` that is known to be dead or restricted."""
    for url in urls:
        row = known_mirror(url)
        if row and (row.state != "alive" or row.restriction):
            yield f"{url} is known: {row.explained} ({row.date})"


def placeholder(url: str) -> str:
    """Return what a word in the host of `url` stands for in the instructions it was taken from; "" for other hosts."""
    host = _host(url)
    row = known_mirror(url)
    own = host.partition(".")[0] if row and "<id>" in row.url else ""
    for entry in data("registry_mirrors")["placeholder"]:
        domain, part = entry.get("domain", ""), entry.get("part", "")
        if domain and (host == domain or host.endswith(f".{domain}")):
            return f"{domain!r} stands for {entry['stands_for']}"
        for name in ([own] if entry.get("accelerator") else host.split(".")) if part else ():
            if re.fullmatch(part, name):
                return f"{name!r} stands for {entry['stands_for']}"
    return ""


def mirror_warnings(urls: Iterable[str]) -> Iterator[str]:
    """Yield a warning for each of `urls` that is a placeholder, or is known to be dead or restricted."""
    for url in urls:
        stands_for = placeholder(url)
        yield from [f"{url} is a placeholder: {stands_for}"] if stands_for else row_warnings([url])


def without_scheme(words: Sequence[str], targets: Collection[str] = ()) -> str:
    """Return the word among `words` that is a mirror without https:// in front, "" when there is none.

    `words` are the arguments of a command that takes mirrors first and hosts to log in to after them. The host of a
    known mirror is one wherever it stands; a name such as mirror.example or docker.example is one where a mirror
    belongs, before the last URL, and everywhere when there is no URL. `targets` are names that are hosts for sure.
    """
    last = max((place for place, word in enumerate(words) if "://" in word), default=len(words))
    for place, word in enumerate(words):
        if "://" in word or "@" in word or "=" in word or word in targets:
            continue
        host, _, port = word.partition("/")[0].partition(":")
        if known_mirror(f"https://{host}"):
            return word
        named = any(_MIRROR_LIKE.fullmatch(part) for part in host.lower().split(".")[:-1])
        if place < last and named and port != "22":
            return word
    return ""


def _host(url: str) -> str:
    """The host of a URL, also of one that no parser takes."""
    return re.split(r"[/?#]", url.partition("://")[2])[0].rpartition("@")[2].partition(":")[0].lower()


_MIRROR_LIKE = re.compile(r"(docker|hub|registry)?-?(mirrors?|hub|proxy)|docker|registry|dockerproxy")
"""Parts of names that mirrors bear, and few hosts that somebody logs in to."""

_WORDS = {
    "intranet": "intranet only",
    "account": "personal accelerator",
    "cloud": "from its own cloud only",
    "region": "restricted by region",
    "allow-list": "allow-list",
}
