"""Strings in quotes, also in strings in quotes."""

from __future__ import annotations

import re

QUOTE = re.compile(r"""(?<!\\)(\\*)(["'])""")
"""A quote with all backslashes before it."""

_QUOTE_OR_END = re.compile(rf"{QUOTE.pattern}|\n")


def closing(text: str, start: int, depth: int, kind: str) -> int:
    """Where the quoted string that begins at `start` ends, at the latest with its line.

    A quote behind `depth` backslashes opened it: 0 in JSON, 1 in JSON inside a JSON string, 3 one level further in.
    One with an escape more belongs to the string; one with fewer ends what is around it.
    """
    for quote in _QUOTE_OR_END.finditer(text, start):
        if quote[2] is None:
            return quote.start()
        slashes = len(quote[1])
        if quote[2] == kind and (slashes + 1) % (2 * (depth + 1)):
            return quote.start() + max(0, slashes - depth)
    return len(text)
