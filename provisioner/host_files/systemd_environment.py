"""A file that EnvironmentFile= names, read as systemd reads it; it is not shell.

Values need no quotes, `export` makes a line void, `#` and `;` begin a comment only at the start of a line, `$` means
nothing (systemd.exec(5); src/basic/env-file.c of systemd 239 to 257). Text after a closing quote belongs to the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.shell_lexer import Cell

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHITESPACE = " \t\n\r"
_NEWLINE = "\n\r"
_ESCAPED_IN_QUOTES = '"\\`$'


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable that a file or a unit sets: each cell is a character of its value, and where it stands in `file`.

    `start` is where the setting itself begins.
    """

    file: HostFile
    name: str
    cells: tuple[Cell, ...]
    start: int

    @property
    def value(self) -> str:
        return "".join(cell.text for cell in self.cells)


def environment_settings(file: HostFile) -> tuple[Setting, ...]:
    """Return the variables that `file` sets, in its order; a later one of the same name counts."""
    return tuple(_settings(file, comments_go_on=False))


def depends_on_version(file: HostFile) -> bool:
    """True when a comment ends in a backslash and what follows sets something: systemd 254 and later read it."""
    return environment_settings(file) != tuple(_settings(file, comments_go_on=True))


def _settings(file: HostFile, *, comments_go_on: bool) -> Iterator[Setting]:
    text, at = file.text, 0
    while at < len(text):
        if text[at] in _WHITESPACE:
            at += 1
        elif text[at] in "#;":
            at = _comment(text, at, goes_on=comments_go_on)
        else:
            start, at = at, at + 1  # the first character belongs to the name even if it is "="
            while at < len(text) and text[at] not in "=" + _NEWLINE:
                at += 1
            name = text[start:at].rstrip(_WHITESPACE)
            if at == len(text) or text[at] != "=":
                continue
            cells, at = _value(text, at + 1)
            if NAME.fullmatch(name):
                yield Setting(file, name, tuple(cells), start)


def _comment(text: str, at: int, *, goes_on: bool) -> int:
    """Where a comment ends; before systemd 254 a backslash at the end of its line continues it."""
    while at < len(text) and text[at] not in _NEWLINE:
        at += 2 if goes_on and text[at] == "\\" else 1
    return at


def _value(text: str, at: int) -> tuple[list[Cell], int]:
    """The cells of a value, and where its line ends. White space at its begin and its end is none of it."""
    cells: list[Cell] = []
    kept = 0
    before = True
    while at < len(text) and text[at] not in _NEWLINE:
        char = text[at]
        if before and char in _WHITESPACE:
            at += 1
        elif before and char in "'\"":
            quoted, at = _quoted(text, at + 1, char)
            cells += quoted
            kept = len(cells)
        elif char == "\\":
            before = False
            following = text[at + 1 : at + 2]
            if following and following not in _NEWLINE:
                cells.append(Cell(following, at, at + 2))
            kept = len(cells)
            at += 2
        else:
            before = False
            cells.append(Cell(char, at, at + 1))
            kept = kept if char in _WHITESPACE else len(cells)
            at += 1
    return cells[:kept], at


def _quoted(text: str, at: int, quote: str) -> tuple[list[Cell], int]:
    cells: list[Cell] = []
    while at < len(text) and text[at] != quote:
        if quote == '"' and text[at] == "\\":
            following = text[at + 1 : at + 2]
            if following in _ESCAPED_IN_QUOTES and following:
                cells.append(Cell(following, at, at + 2))
            elif following != "\n":
                cells += [Cell("\\", at, at + 1), *([Cell(following, at + 1, at + 2)] if following else [])]
            at += 2
        else:
            cells.append(Cell(text[at], at, at + 1))
            at += 1
    return cells, at + 1
