"""JSON with the place of every top-level member, and errors that a person can act on."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from provisioner.errors import DaemonConfigurationError

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRING_START = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_WORD = re.compile(r"[\w.+-]+")
_CONSTANTS = {"true": True, "false": False, "null": None}
_DEEPEST = 100
_UTF_16 = ("\udcff\udcfe", "\udcfe\udcff")
"""Its byte order marks, as bytes that are not UTF-8 are decoded."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the top-level object: key, value, and where both stand in the text."""

    key: str
    value: Any
    start: int
    key_end: int
    value_start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """The text without byte order mark, and where the members of its top-level object stand."""

    text: str
    members: tuple[Member, ...]
    start: int
    end: int


def read(text: str, path: str) -> Document:
    """Return the document in `text`, whose top level is an object; of a blank text one without members.

    Raises:
        DaemonConfigurationError: it is no such document; names `path` and the place.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return Document(text, (), 0, 0)
    scanner = Scanner(text, path)
    if broken := re.search("[\ud800-\udfff]", text):
        code = ord(broken[0])
        found = f"byte 0x{code - 0xDC00:02X}" if code >= 0xDC80 else f"surrogate U+{code:04X}"
        newer = text.startswith(_UTF_16)
        caution = "as UTF-16 dockerd reads it since 23.0" if newer else "dockerd reads it before 23.0"
        hint = f"Save {path} as UTF-8 and run again."
        raise scanner.error(f"{found} is not UTF-8", broken.start(), hint, caution)
    start = scanner.skip(0)
    if text[start] != "{":
        nothing = "dockerd takes it for an empty object" if text[start:].strip() == "null" else ""
        raise scanner.unexpected(start, "an object in { }", nothing)
    members, end = scanner.members(start, 0)
    rest = scanner.skip(end)
    if rest < len(text):
        problem = f"after the closing brace there is more: {scanner.found(rest)}"
        raise scanner.error(problem, rest, caution="dockerd before 23.0 reads no further")
    return Document(text, tuple(members), start, end)


@dataclass(frozen=True, slots=True)
class Scanner:
    text: str
    path: str

    def error(self, problem: str, offset: int, hint: str = "", caution: str = "") -> DaemonConfigurationError:
        # The end of a file is shown behind its last character, not on the empty line below.
        offset = min(offset, len(self.text.rstrip()))
        return DaemonConfigurationError(
            problem, path=self.path, text=self.text, offset=offset, hint=hint, caution=caution
        )

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def found(self, at: int) -> str:
        if at >= len(self.text):
            return "the end of the file"
        if word := _WORD.match(self.text, at):
            return word[0] if len(word[0]) <= 20 else word[0][:20] + "…"
        char = self.text[at]
        return char if char.isprintable() and char != " " else f"the character U+{ord(char):04X}"

    def unexpected(self, at: int, expected: str, caution: str = "") -> DaemonConfigurationError:
        if self.text.startswith(("//", "/*", "#"), at):
            return self.error("JSON has no comments", at, f"Remove the comments from {self.path} and run again.")
        return self.error(f"expected {expected}, found {self.found(at)}", at, caution=caution)

    def members(self, at: int, depth: int) -> tuple[list[Member], int]:
        """Read the object at `at`; return its members and where it ends."""
        members: dict[str, Member] = {}
        at = self.skip(at + 1)
        closed = self.text.startswith("}", at)
        while not closed:
            if not self.text.startswith('"', at):
                raise self.unexpected(at, "another key after the comma" if members else "a key in double quotes")
            key, key_end = self.string(at)
            if key in members:
                problem = f"the key {json.dumps(key)} stands here for the second time"
                raise self.error(problem, at, caution="dockerd takes the last one")
            colon = self.skip(key_end)
            if not self.text.startswith(":", colon):
                raise self.unexpected(colon, f"a colon after the key {json.dumps(key)}")
            value_start = self.skip(colon + 1)
            value, end = self.value(value_start, depth)
            members[key] = Member(key, value, at, key_end, value_start, end)
            at, closed = self.separator(end, "}")
        return list(members.values()), at + 1

    def items(self, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self.skip(at + 1)
        closed = self.text.startswith("]", at)
        while not closed:
            if self.text.startswith("]", at):
                raise self.unexpected(at, "another value after the comma")
            value, end = self.value(at, depth)
            items.append(value)
            at, closed = self.separator(end, "]")
        return items, at + 1

    def separator(self, at: int, closing: str) -> tuple[int, bool]:
        """Return where the next element stands or, and True, the closing bracket."""
        at = self.skip(at)
        if self.text.startswith(closing, at):
            return at, True
        if not self.text.startswith(",", at):
            raise self.unexpected(at, f"a comma or {closing}")
        return self.skip(at + 1), False

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        if depth > _DEEPEST:
            raise self.error(f"more than {_DEEPEST} levels of brackets", at, caution="dockerd reads deeper")
        char = self.text[at : at + 1]
        if char == '"':
            return self.string(at)
        if char == "{":
            members, end = self.members(at, depth + 1)
            return {member.key: member.value for member in members}, end
        if char == "[":
            return self.items(at, depth + 1)
        word = _WORD.match(self.text, at)
        if word and word[0] in _CONSTANTS:
            return _CONSTANTS[word[0]], word.end()
        if word and _NUMBER.fullmatch(word[0]):
            if math.isinf(float(word[0])):
                raise self.error("this number is too large", at)
            return json.loads(word[0]), word.end()
        similar = f", such as {word[0].lower()}" if word and word[0].lower() in _CONSTANTS else ""
        raise self.unexpected(at, f"a value{similar}")

    def string(self, at: int) -> tuple[str, int]:
        match = _STRING_START.match(self.text, at)
        end = match.end() if match else at
        following = self.text[end : end + 1]
        if following == '"':
            decoded: str = json.loads(self.text[at : end + 1])
            return re.sub("[\ud800-\udfff]", "\ufffd", decoded), end + 1
        if following in {"", "\r", "\n"}:
            raise self.error("a string begins here and has no closing quote on its line", at)
        if following == "\\":
            raise self.error(f"JSON has no escape {self.text[end : end + 2]}; a backslash is written \\\\", end)
        raise self.error(f"{self.found(end)} must be written as an escape such as \\t or \\u0009", end)
