"""Edits of a text by place, so that every byte outside them stays."""

from __future__ import annotations

from collections.abc import Iterable


def edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return `text` with each (start, end, replacement) made; places are those of `text` and do not overlap."""
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text
