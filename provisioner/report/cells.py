"""Text as a terminal lays it out: how many cells it takes, and where a line of it may end."""

from __future__ import annotations

import re
import unicodedata

_COMMAND = re.compile(
    r"&& |\| |>> |\$\(|(?<![^\s(])(?:sudo |provisioner [a-z-]|docker (?:[a-z]+ )?-"
    r"|(?:systemctl|sysctl|modprobe|ssh|ssh-\w+|timedatectl|kill|chattr|chmod|chown|mv|rm|cp|wsl|grubby|apt|apt-get|dnf"
    r"|yum|rpm|dpkg|rpm-ostree|update-\w+|ansible-inventory) [\w/~$'\"+-]|(?:mount|date) -|snap (?:install|remove)"
    r"|(?:rc-)?service \S+ (?:start|stop|re\w+))"
)
"""Marks of a command in a sentence; what only looks like one stays whole as well, which does no harm."""


_ITEM = "- "


def cells(text: str) -> int:
    """The cells of a terminal that `text` takes on one line: two for a wide character, none for a combining one."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def filled(text: str, width: int, *, right: bool = False) -> str:
    """`text` with blanks behind it, or before it, up to `width` cells."""
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def cut(text: str, room: int) -> str:
    """`text`, or as much of it as leaves a cell for the ellipsis."""
    if cells(text) <= room:
        return text
    length, taken = 0, 0
    for length, char in enumerate(text):  # noqa: B007 # where it ends is the result
        taken += _cells(char)
        if taken > room - 1:
            break
    return text[:length] + "…"


def wrapped(text: str, room: int) -> list[str]:
    """`text` in lines of `room` cells, which end at blanks or beside a wide character; a longer word has its own.

    Never empty. A line that begins with a blank was quoted, and stays whole.
    """
    if text.startswith(" "):
        return [text]
    lines, line = [], ""
    for blank, piece in _PIECE.findall(text):
        joined = line + (" " if blank and line else "") + piece
        if line and cells(joined) > room:
            lines.append(line)
            line = piece
        else:
            line = joined
    return [*lines, line]


def told(text: str, room: int | None) -> list[str]:
    """`text` in lines for people: prose is wrapped, an item behind a dash below itself; a command to paste stays whole,
    and so does all of it when the `room` is None.
    """
    return [piece for line in text.split("\n") for piece in ([line] if room is None else _told(line, room))]


def _told(line: str, room: int) -> list[str]:
    if cells(line) <= room:
        return [line]
    if line.startswith(_ITEM):
        first, *rest = _told(line.removeprefix(_ITEM), room - len(_ITEM))
        return [_ITEM + first, *(" " * len(_ITEM) + further for further in rest)]
    command = _COMMAND.search(line)
    if command is None:
        return wrapped(line, room)
    prose, colon, _ = line[: command.start()].rpartition(": ")
    return [*wrapped(prose + ":", room), line[len(prose + colon) :]] if " " in prose else [line]


def _cells(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


_WIDE = (
    "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
_PIECE = re.compile(
    rf"([ \t]*)(`[^`\n]+`\S*|\(?\d[\d.]* [^\s{_WIDE}]+|--?[A-Za-z][\w-]* (?:[^\s']*'[^'\n]*'\S*|[^\s{_WIDE}]+)"
    rf"|[{_WIDE}][\u3001\u3002\uff0c\uff1a\uff1b\uff09]*|[^ \t{_WIDE}]+)"
)
"""What is not broken, and the blanks before it: a word, a number with its unit, an option with its value, a command in
backquotes, or one wide character with the punctuation that may not begin a line.
"""
