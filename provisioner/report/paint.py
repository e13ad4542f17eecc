"""Colour, where somebody looks: on terminals."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Literal

Paint = Callable[[str, str], str]
"""A text and the name of a colour, "bold" or "" -> the text as it is printed."""

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


def plain(text: str, colour: str) -> str:
    del colour
    return text


def coloured(text: str, colour: str) -> str:
    """With ANSI codes."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if colour else text


def paint_for(stream: Literal["stdout", "stderr"], *, no_color: bool) -> Paint:
    """Colour on a terminal that has it, unless --no-color or NO_COLOR (https://no-color.org) is there."""
    wanted = getattr(sys, stream).isatty() and not no_color and not os.environ.get("NO_COLOR")
    return coloured if wanted and os.environ.get("TERM", "dumb") != "dumb" else plain


def status_colour(status: str) -> str:
    return STATUS_COLOURS.get(status, "red")
