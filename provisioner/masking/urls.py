"""Secrets in URLs: the login before the host, and the query, which may be a signature."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.masking.quotes import closing

Span = tuple[int, int]

_URL = re.compile(r"/\\*/|(?<=http:)/|(?<=https:)/")  # a URL taken for a path has one slash left
_URL_END = re.compile(r"""[\s"'<>]""")
_AUTHORITY_END = re.compile(r"[/?#\\\s]")
_QUOTED_SCHEME = re.compile(r"""(\\*["'])[A-Za-z][A-Za-z0-9+.-]{0,20}:\\*$""")
_PORT = re.compile(r"[^:]*:\d+")


def secrets_of_urls(text: str) -> Iterator[Span]:
    """Yield where logins and queries of URLs stand."""
    position = 0
    while found := _URL.search(text, position):
        position = found.end()
        end = _URL_END.search(text, position)
        word = end.start() if end else len(text)
        user = _user(text, position, word) or _quoted_user(text, found.start(), position, word)
        if user:
            yield user
        if text[max(0, found.start() - 4) : found.start()].rstrip("\\").endswith(":"):
            yield from _query(text, min(user[1], word) if user else position, word)
        position = max(position, word)


def _user(text: str, start: int, word: int) -> Span | None:
    """The login of the URL whose authority begins at `start`, or of a later one in the same word.

    It ends at the last @, for a password may hold a slash; where one word has several URLs, all but the last host goes.
    """
    last = text.rfind("@", start, word)
    while 0 <= start <= last:
        name = _authority_end(text, start, word)
        at = text.rfind("@", start, name)
        following = _URL.search(text, name, last)
        if at >= 0 or text.find(":", start, name) >= 0:
            return start, at if at >= 0 and following is None else last
        start = following.end() if following else -1
    return None


def _quoted_user(text: str, slashes: int, start: int, word: int) -> Span | None:
    """The login of a URL that a string in quotes begins with: its password may hold quotes and blanks, or break off."""
    name = _authority_end(text, start, word)
    if text.find(":", start, name) < 0:
        return None
    quoted = _QUOTED_SCHEME.search(text, max(0, slashes - 24), slashes)
    if quoted is None:
        return None
    end = closing(text, start, len(quoted[1]) - 1, quoted[1][-1])
    at = text.rfind("@", start, end)
    if at >= word:
        return None if _PORT.fullmatch(text, start, name) else (start, at)
    broken_off = text[end : end + 1] in {"", "\n"}
    return (start, end) if broken_off and at < 0 else None


def _authority_end(text: str, start: int, word: int) -> int:
    end = _AUTHORITY_END.search(text, start, word)
    return end.start() if end else word


def _query(text: str, start: int, word: int) -> Iterator[Span]:
    asked = text.find("?", start, word) + 1
    if asked:
        kept = len(text[asked:word]) - len(text[asked:word].rstrip(").,;:]}"))
        yield asked, word - kept
