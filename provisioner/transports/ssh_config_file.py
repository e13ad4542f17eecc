"""The text of an SSH configuration -> blocks of lines, as OpenSSH's reader takes it apart."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.transports.ssh_algorithm_names import EVERYTHING, unknown_name
from provisioner.transports.ssh_keywords import ALIASES, KNOWN, NOT_EVERYWHERE, problem

_KEYWORD = re.compile(r'[ \t]*([^\s="]+)(?:[ \t\r]*=[ \t\r]*|[ \t\r]+|$)(.*)', re.DOTALL)
_BLANKS = " \t\r\n\f"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its keyword in lower case and without alias, its words, and the rest of it as it stands."""

    keyword: str
    words: tuple[str, ...]
    rest: str
    place: str
    written: str = ""
    """The keyword in lower case as it stands in the file."""
    doubt: str = ""
    """What only ssh can judge, and judges in every line: a name of an algorithm."""


@dataclass(slots=True)
class Block:
    """What follows a Host or Match line; `header` is None for what stands above the first of them."""

    header: Line | None
    lines: list[Line] = field(default_factory=list)
    always: list[Line] = field(default_factory=list)
    """Those of `lines` that count in a block that does not apply, too: Include, and keywords to be looked at."""


def read(path: Path) -> tuple[Block, ...]:
    """Return the blocks of a file.

    Raises:
        UsageError: a line that OpenSSH refuses, or text that is not UTF-8.
        OSError: the file cannot be read.
    """
    stat = path.stat()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=64)
def _read(path: Path, mtime_ns: int, size: int) -> tuple[Block, ...]:
    del mtime_ns, size  # a changed file is another one
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as cause:
        raise UsageError(f"{path}: byte {cause.start} is not UTF-8", hint="save the file as UTF-8") from cause
    blocks = [Block(None)]
    for number, raw in enumerate(text.split("\n"), 1):
        line = _line(raw, f"{path}, line {number}")
        if line is None:
            continue
        if line.keyword in {"host", "match"}:
            blocks.append(Block(line))
            continue
        blocks[-1].lines.append(line)
        if line.keyword == "include" or line.keyword not in KNOWN or line.written in NOT_EVERYWHERE or line.doubt:
            blocks[-1].always.append(line)
    return tuple(blocks)


def _line(raw: str, place: str) -> Line | None:
    text = raw.strip(_BLANKS)
    if not text or text.startswith("#"):
        return None
    match = _KEYWORD.fullmatch(text)
    if match is None or not match[2]:
        raise UsageError(f"{place}: Unparsable line {text[:100]}", hint="a keyword and its value are expected")
    written, rest = match[1].lower(), match[2]
    keyword = ALIASES.get(written, written)
    words = split(rest, place)
    known = keyword in KNOWN
    if not words and (known or keyword in {"host", "match", "include"}):
        raise UsageError(f"{place}: {match[1]} has no value")
    wrong = problem(keyword, words) if known else None
    if wrong:
        raise UsageError(f"{place}: {match[1]}: {wrong}", hint="OpenSSH refuses the file as well")
    doubt = unknown_name(keyword, words[0]) if keyword in EVERYTHING else ""
    return Line(
        keyword, words, rest.lstrip(" \t="), place, written, f"{match[1]}: the algorithm {doubt}" if doubt else ""
    )


def split(text: str, place: str) -> tuple[str, ...]:
    """Return the words up to a comment: quotes group, a backslash takes a quote, a backslash or a blank as it is.

    Raises:
        UsageError: a quote that does not end.
    """
    words: list[str] = []
    index = 0
    while True:
        index += len(text[index:]) - len(text[index:].lstrip(" \t"))
        if index >= len(text) or text[index] == "#":
            return tuple(words)
        word, index = _word(text, index, place)
        words.append(word)


def _word(text: str, index: int, place: str) -> tuple[str, int]:
    """Return the word that begins at `index`, and where it ends."""
    word: list[str] = []
    quote = ""
    while index < len(text) and (quote or text[index] not in " \t"):
        char, following = text[index], text[index + 1 : index + 2]
        index += 1
        if char == "\\" and following and (following in "'\"\\" or (not quote and following == " ")):
            word.append(following)
            index += 1
        elif not quote and char in "'\"":
            quote = char
        elif char == quote:
            quote = ""
        else:
            word.append(char)
    if quote:
        raise UsageError(f"{place}: No closing quotation", hint="the quote that opens there must end on its line")
    return "".join(word), index


def matches(text: str, pattern: str) -> bool:
    """`*` is any text and `?` any letter; nothing else is special. No pattern takes long."""
    if "*" not in pattern and "?" not in pattern:
        return text == pattern
    at = position = 0
    star, mark = -1, 0
    while position < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark = at, position
            at += 1
        elif at < len(pattern) and pattern[at] in {"?", text[position]}:
            at += 1
            position += 1
        elif star < 0:
            return False
        else:  # the last star takes one letter more
            mark += 1
            at, position = star + 1, mark
    return pattern[at:].strip("*") == ""


def matches_list(text: str, patterns: str) -> bool:
    """Patterns with commas; one with `!` in front that matches rules the text out."""
    found = False
    for pattern in patterns.split(","):
        if matches(text, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            found = True
    return found
