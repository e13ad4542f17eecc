"""Secrets that are the value of a key: in JSON, in KEY=VALUE form, in JSON inside a JSON string, in YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.masking.names import SECRET, any_case
from provisioner.masking.quotes import QUOTE, closing

Span = tuple[int, int]

_KEY = re.compile(f"{SECRET.pattern}|(?P<proxy>{any_case('proxy')})")
_KEY_END = re.compile(r"""["'=:,\s\\]""")
_SEPARATOR = re.compile(r"""(?P<closed>\\*["'])?[ \t]*[:=]{1,2}>?[ \t]*""")
_LOGIN = re.compile(r"""\\*["']?(?P<login>[^\s"'=,/]{1,256})@""")
_WORD = re.compile(r"""[^\s"',}\]]+""")
_LITERAL = {"true", "false", "null"}
_DEEPEST = 15
"""Backslashes before a quote: JSON in JSON, four times."""

_STRING = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
_BRACKET = re.compile(rf"{_STRING}|[][{{}}\n]")
_JSON_STRING = re.compile(_STRING)
_JSON = re.compile(r"[][{},:\w.+ \t\r-]*")


def secrets_of_keys(text: str) -> Iterator[Span]:
    """Yield where the values of keys stand whose name tells of a secret, and logins in values of proxy keys."""
    position = 0
    while found := _KEY.search(text, position):
        end = _KEY_END.search(text, found.end())
        if end is None:
            return
        position = end.start()
        separator = _SEPARATOR.match(text, position)
        if separator is None:
            continue
        closed, position = bool(separator["closed"]), separator.end()
        if found["proxy"] and SECRET.search(text, found.end(), end.start()) is None:
            near = text.find("@", position, position + 260) >= 0
            if near and (login := _LOGIN.match(text, position)):
                yield login.span("login")
            continue
        opened = text[found.start() - 1 : found.start()] if found.start() and not closed else ""
        position = _next_line(text, position)
        span = _string(text, position, opened) or _bracket(text, position) or _word(text, position)
        if not (closed and span[0] == position and text[slice(*span)] in _LITERAL):
            yield span
        position = max(position, span[1])


def _string(text: str, start: int, opened: str) -> Span | None:
    """Where the string in quotes at `start` stands. `opened`: the quote that this text and its key are in already."""
    quote = QUOTE.match(text, start)
    if quote is None or len(quote[1]) > _DEEPEST:
        return None
    if quote[2] == opened:
        return _word(text, quote.end())
    return quote.end(), closing(text, quote.end(), len(quote[1]), quote[2])


def _bracket(text: str, start: int) -> Span | None:
    """What stands in the bracket that opens at `start`; it may go on over lines that are nothing but JSON."""
    if text[start : start + 1] not in {"[", "{"}:
        return None
    depth = 0
    for token in _BRACKET.finditer(text, start):
        if token[0] == "\n":
            if not _is_json(text, token.end()):
                return start + 1, token.start()
        elif len(token[0]) == 1:
            depth += 1 if token[0] in "[{" else -1
            if depth == 0:
                return start + 1, token.start()
    return start + 1, len(text)


def _word(text: str, start: int) -> Span:
    """Up to the next blank, quote or bracket, without the punctuation of a sentence that it ends."""
    word = _WORD.match(text, start)
    if word is None:
        return start, start
    kept = word[0].rstrip(").;")
    return start, start + len(kept or word[0])


def _next_line(text: str, position: int) -> int:
    """Where a value stands whose key is the last thing on its line: on the next one, if that is nothing but JSON."""
    if text[position : position + 1] not in {"\n", "\r"}:
        return position
    line = text.find("\n", position) + 1
    if not _is_json(text, line):
        return position
    while text[line : line + 1] in {" ", "\t", "+", "-"}:
        line += 1
    return line


def _is_json(text: str, start: int) -> bool:
    """The line that begins at `start`, perhaps one of a diff, holds a bracket or a string and otherwise only JSON."""
    end = text.find("\n", start)
    line = text[start : len(text) if end < 0 else end]
    return any(char in line for char in '"[]{}') and _JSON.fullmatch(_JSON_STRING.sub("", line)) is not None
