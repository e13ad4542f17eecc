"""Secrets that are known by what stands before them: an Authorization header's, private keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.masking.names import any_case

Span = tuple[int, int]

_HEADER = rf"{any_case('authorization')}\\*[\"']?[ \t]{{0,4}}[:=][ \t]{{0,4}}\\*[\"']?[A-Za-z]{{1,20}}"
_CREDENTIALS = re.compile(rf"(?:{_HEADER}|{any_case('bearer')})[ \t]+(?P<secret>[A-Za-z0-9._~+/=-]{{8,}})")
_BLANK = re.compile(r"[^\S\n]")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----")


def secrets_of_headers(text: str) -> Iterator[Span]:
    """Yield where the credentials of Authorization headers and bearer tokens stand."""
    yield from (found.span("secret") for found in _CREDENTIALS.finditer(text))


def private_keys(text: str) -> Iterator[Span]:
    """Yield where private keys stand, each from its BEGIN line to its END line or as far as it goes."""
    position, closed = 0, True
    while found := _PRIVATE_KEY.search(text, position):
        end = text.find("-----END", found.end()) if closed else -1
        closed = end >= 0
        position = end if closed else _without_blanks(text, found.end())
        yield found.end(), position


def _without_blanks(text: str, start: int) -> int:
    """Where the lines from `start` on end that are one word each."""
    blank = _BLANK.search(text, start)
    if blank is None:
        return len(text)
    line = text.rfind("\n", start, blank.start())
    return line if line >= 0 else blank.start()
