"""Colour, where somebody looks: on terminals.

A colour is marked with a word that this process alone knows. `provisioner.report.gate` lets marked colours pass and
shows every other escape sequence as text, so that no host can paint.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Callable
from typing import Literal

Paint = Callable[[str, str], str]
"""A text and the name of a colour, "bold" or "" -> the text as it is handed to the gate."""

STATUS_COLOURS = {
    "converged": "green",
    "changed": "green",
    "verified": "green",
    "planned": "yellow",
    "blocked": "yellow",
    "drifted": "yellow",
    "skipped": "yellow",
    "cancelled": "yellow",
}
"""Other statuses are failures: red."""

_CODES = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "magenta": 35}
_MARK = f"\x00{secrets.token_hex(8)}\x00"
_MARKED = re.compile(rf"{_MARK}(?P<begin>\x1b\[\d+m)|(?P<end>\x1b\[0m){_MARK}")


def plain(text: str, colour: str) -> str:
    del colour
    return text


def coloured(text: str, colour: str) -> str:
    """With ANSI codes, marked as ours."""
    return f"{_MARK}\x1b[{_CODES[colour]}m{text}\x1b[0m{_MARK}" if colour else text


def uncoloured(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Return `text` without the colours that are ours, and these with their places in what is returned."""
    if _MARK not in text:
        return text, []
    parts, codes = [], []
    position = length = 0
    for found in _MARKED.finditer(text):
        parts.append(text[position : found.start()])
        length += len(parts[-1])
        codes.append((length, found["begin"] or found["end"]))
        position = found.end()
    return "".join([*parts, text[position:]]), codes


def paint_for(stream: Literal["stdout", "stderr"], *, no_color: bool) -> Paint:
    """Colour on a terminal that has it, unless --no-color or NO_COLOR (https://no-color.org) is there."""
    wanted = getattr(sys, stream).isatty() and not no_color and not os.environ.get("NO_COLOR")
    return coloured if wanted and os.environ.get("TERM", "dumb") != "dumb" else plain


def status_colour(status: str) -> str:
    return STATUS_COLOURS.get(status, "red")
