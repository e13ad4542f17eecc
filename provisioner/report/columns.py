"""Columns for people at a terminal; programs read --json."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from provisioner.masking import masked, visible
from provisioner.report.cells import cells, cut, filled, told, wrapped

NARROWEST = 12
"""Cells that a column keeps, however narrow the terminal; it keeps those of its heading as well."""

READABLE = 30
"""Cells in which a sentence can be read; with fewer beside the other columns, it stands below them."""

_GAP = 2
_BELOW = " " * 4
_ON_ONE_LINE = str.maketrans({"\n": "\\n", "\t": "\\t"})


class Line(NamedTuple):
    """`cells` are padded, one a column; `row` tells whose they are. A cell with a line of its own is alone."""

    row: int
    cells: list[str]


def one_line(text: str) -> str:
    """Return `text` as the gate would show it, on one line: no host gets a line of its own that it was not given."""
    return visible(masked(text)).translate(_ON_ONE_LINE)


def hanging(begin: str, text: str, width: int | None = None, *, indent: str | None = None) -> str:
    """Return `text` behind `begin`, further lines below its first one, or behind `indent`; prose fits into `width`.

    Masked, since a secret is not known any more when a line ends in the middle of what tells it.
    """
    further = " " * cells(begin) if indent is None else indent
    room = None if width is None else max(READABLE, width - max(cells(begin), len(further)))
    return begin + f"\n{further}".join(told(masked(text), room))


def sentence(text: str, width: int | None) -> str:
    """Return one sentence about hosts, its further lines indented."""
    return hanging("", text, width, indent="  ")


def aligned(
    rows: Sequence[Sequence[str]],
    indent: str = "",
    *,
    right: int = -1,
    width: int | None = None,
    shorten: Collection[int] = (),
    wrap: int = -1,
) -> str:
    """Return `rows` as lines; see `grid`. `width` is that of the terminal, None where nothing has to fit."""
    room = None if width is None else width - len(indent)
    lines = grid(rows, right=right, room=room, shorten=shorten, wrap=wrap)
    return "\n".join(indent + (" " * _GAP).join(line.cells).rstrip() for line in lines)


def grid(
    rows: Sequence[Sequence[str]],
    *,
    right: int = -1,
    room: int | None = None,
    shorten: Collection[int] = (),
    wrap: int = -1,
) -> Iterator[Line]:
    """Yield `rows` with every column as wide as its widest cell; column `right` is flush right.

    Where that is more than `room`, column `wrap` takes several lines, beside the others or below them, the columns
    `shorten` lose their ends, and of the names in the first column the longest stand above their rows.
    """
    shown = [list(map(one_line, row)) for row in rows]
    widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    beside = True
    if room is not None and _total(widths) > room:
        lengths = sorted(cells(row[0]) for row in shown)
        heading = list(map(cells, shown[0]))
        beside = _narrowed(widths, room, shorten, wrap, heading, typical=max(NARROWEST, lengths[len(lengths) * 2 // 3]))
    for number, row in enumerate(shown):
        yield from (Line(number, line) for line in _lines(row, widths, right, wrap, room if not beside else None))


def _narrowed(
    widths: list[int], room: int, shorten: Collection[int], wrap: int, heading: Sequence[int], *, typical: int
) -> bool:
    """Narrow the columns; False when column `wrap` has to stand below the others, and takes no width.

    Names of more than the `typical` length go out of the way before other columns become hard to read.
    """

    def narrow(columns: Iterable[int], least: int) -> None:
        for index in sorted(columns, key=lambda index: -widths[index]):
            over = max(0, _total(widths) - room)
            widths[index] = min(widths[index], max(least, heading[index] if index else 0, widths[index] - over))

    beside = True
    if wrap >= 0:
        left = room - (_total(widths) - widths[wrap])
        beside = left >= min(READABLE, widths[wrap])
        widths[wrap] = min(widths[wrap], left) if beside else -_GAP
    narrow(shorten, READABLE)
    narrow([0], typical)
    narrow(shorten, NARROWEST)
    narrow([0], NARROWEST)
    return beside


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _lines(row: list[str], widths: list[int], right: int, wrap: int, below: int | None) -> Iterator[list[str]]:
    """The lines of one row; what is in column `wrap` stands below it, in the room `below`, if that is given."""
    name, *_ = row
    if cells(name) > widths[0] and wrap != 0:
        yield [name]
        row = ["", *row[1:]]
    pieces = [""]
    if wrap >= 0:
        pieces = wrapped(row[wrap], widths[wrap] if below is None else below - len(_BELOW))
    for number, piece in enumerate(pieces if below is None else [""]):
        line = [piece if index == wrap else "" if number else cell for index, cell in enumerate(row)]
        yield [
            filled(cell if index == wrap else cut(cell, width), width, right=index == right)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
            if width >= 0
        ]
    if below is not None:
        yield from ([_BELOW + piece] for piece in pieces if piece)
