"""Columns for a terminal, and nothing to parse: programs read --json."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], indent: str = "", *, right: int = -1) -> str:
    """Return `rows` as lines with every column as wide as its widest cell; column `right` is flush right."""
    return "\n".join(indent + "  ".join(cells).rstrip() for cells in padded(rows, right=right))


def padded(rows: Sequence[Sequence[str]], *, right: int = -1) -> list[list[str]]:
    """Cells padded to the width of their column; column `right` is flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        [
            cell.rjust(width) if index == right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    ]
