"""How much room there is where text goes."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Literal

USUAL = 80
"""Columns of a terminal that does not say how many it has."""


def terminal_width(stream: Literal["stdout", "stderr"] = "stdout") -> int | None:
    """How many columns the terminal at `stream` has, COLUMNS says it first; None when it is no terminal."""
    if not getattr(sys, stream).isatty():
        return None
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    with contextlib.suppress(OSError, ValueError):  # a stream that stands for a terminal and is none
        return os.get_terminal_size(getattr(sys, stream).fileno()).columns or USUAL
    return USUAL
