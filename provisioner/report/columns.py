"""Columns for people at a terminal; programs read --json."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.masking import masked, visible

_ON_ONE_LINE = str.maketrans({"\n": "\\n", "\t": "\\t"})


def one_line(text: str) -> str:
    """Return `text` as the gate would show it, on one line: no host gets a line of its own that it was not given."""
    return visible(masked(text)).translate(_ON_ONE_LINE)


def hanging(begin: str, text: str) -> str:
    """Return `text` behind `begin`, its further lines, if it has any, below its first one."""
    return begin + text.replace("\n", "\n" + " " * len(begin))


def aligned(rows: Sequence[Sequence[str]], indent: str = "", *, right: int = -1) -> str:
    """Return `rows` as lines with every column as wide as its widest cell; column `right` is flush right."""
    return "\n".join(indent + "  ".join(cells).rstrip() for cells in padded(rows, right=right))


def padded(rows: Sequence[Sequence[str]], *, right: int = -1) -> list[list[str]]:
    """Cells on one line each, padded to the width of their column; column `right` is flush right."""
    shown = [list(map(one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        [
            cell.rjust(width) if index == right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in shown
    ]
