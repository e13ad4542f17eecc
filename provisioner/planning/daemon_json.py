"""daemon.json: read it as dockerd does, and change single keys without touching any other byte.

`merge` and `remove` return the text they were given when there is nothing to change. What they write is laid
out as the document is; a fresh document has an indentation of two spaces.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provisioner.errors import DaemonConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PATH = "/etc/docker/daemon.json"


def parse(text: str, path: str = PATH) -> dict[str, Any]:
    """Return the configuration as dockerd reads it; a blank file is an empty one.

    Decided as Go's encoding/json does where Python's module differs: NaN, Infinity and numbers beyond a
    float64 are refused, an unpaired surrogate escape becomes U+FFFD. Stricter than dockerd in three places:
    a key that stands twice in an object is refused, since nobody can tell which one was meant; so are a
    top-level `null` and UTF-16 with a byte order mark (dockerd 23.0 and later reads it).
    Keys keep their case: dockerd looks each of them up before it decodes and rejects `Registry-Mirrors`.

    Raises:
        DaemonConfigurationError: dockerd would refuse the file, or a key stands twice.
    """
    return {member.key: member.value for member in _read(text, path).members}


def merge(text: str | None, wanted: Mapping[str, Any], path: str = PATH) -> str:
    """Return `text` with the top-level keys of `wanted` set, and every other byte as it was.

    A key that has its wanted value already is left alone, new keys go to the end. A list or object that stood
    on one line stays on one line, and so does a document on one line. A byte order mark goes when something
    changes: engines before 23.0 refuse it.

    Raises:
        DaemonConfigurationError: `text` cannot be read; see `parse`.
    """
    document = _read(text or "", path)
    present = {member.key: member for member in document.members}
    changed = {
        key: value for key, value in wanted.items() if key not in present or not _same(present[key].value, value)
    }
    if text is not None and not changed:
        return text
    if not document.text.strip():
        return json.dumps(changed, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    layout = _Layout.of(document)
    edits = [
        (member.value_start, member.end, layout.replacement(document, member, changed[member.key]))
        for member in document.members
        if member.key in changed
    ]
    added = [layout.member(key, value) for key, value in changed.items() if key not in present]
    if added:
        edits.append(layout.insertion(document, added))
    result = _edited(document.text, edits)
    parse(result, path)
    return result


def remove(text: str, keys: Collection[str], path: str = PATH) -> str:
    """Return `text` without the top-level members `keys`, their commas and their lines.

    Raises:
        DaemonConfigurationError: `text` cannot be read; see `parse`.
    """
    document = _read(text, path)
    members = document.members
    kept = [member for member in members if member.key not in keys]
    if len(kept) == len(members):
        return text
    if not kept:
        return _edited(document.text, [(document.start + 1, members[-1].end, "")])
    return _edited(
        document.text,
        [
            (members[index - 1].end, member.end, "")
            if kept[0].start < member.start
            else (member.start, members[index + 1].start, "")
            for index, member in enumerate(members)
            if member.key in keys
        ],
    )


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    value: Any
    start: int
    key_end: int
    value_start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Document:
    """The text without byte order mark, and where the members of its top-level object stand."""

    text: str
    members: tuple[_Member, ...]
    start: int
    end: int


def _read(text: str, path: str) -> _Document:
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return _Document(text, (), 0, 0)
    scanner = _Scanner(text, path)
    if broken := re.search("[\ud800-\udfff]", text):
        code = ord(broken[0])
        found = f"byte 0x{code - 0xDC00:02X}" if code >= 0xDC80 else f"surrogate U+{code:04X}"
        raise scanner.error(f"{found} is not UTF-8", broken.start(), f"Save {path} as UTF-8 and run again.")
    start = scanner.skip(0)
    if text[start] != "{":
        raise scanner.unexpected(start, "an object in { }")
    members, end = scanner.members(start, 0)
    rest = scanner.skip(end)
    if rest < len(text):
        raise scanner.error(f"after the closing brace there is more: {scanner.found(rest)}", rest)
    return _Document(text, tuple(members), start, end)


_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRING_START = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_WORD = re.compile(r"[\w.+-]+")
_CONSTANTS = {"true": True, "false": False, "null": None}
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class _Scanner:
    text: str
    path: str

    def error(self, problem: str, offset: int, hint: str = "") -> DaemonConfigurationError:
        # The end of a file is shown behind its last character, not on the empty line below.
        offset = min(offset, len(self.text.rstrip()))
        return DaemonConfigurationError(problem, path=self.path, text=self.text, offset=offset, hint=hint)

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

    def unexpected(self, at: int, expected: str) -> DaemonConfigurationError:
        if self.text.startswith(("//", "/*", "#"), at):
            return self.error("JSON has no comments", at, f"Remove the comments from {self.path} and run again.")
        return self.error(f"expected {expected}, found {self.found(at)}", at)

    def members(self, at: int, depth: int) -> tuple[list[_Member], int]:
        """Read the object at `at`; return its members and where it ends."""
        members: dict[str, _Member] = {}
        at = self.skip(at + 1)
        closed = self.text.startswith("}", at)
        while not closed:
            if not self.text.startswith('"', at):
                raise self.unexpected(at, "another key after the comma" if members else "a key in double quotes")
            key, key_end = self.string(at)
            if key in members:
                raise self.error(f"the key {json.dumps(key)} stands here for the second time", at)
            colon = self.skip(key_end)
            if not self.text.startswith(":", colon):
                raise self.unexpected(colon, f"a colon after the key {json.dumps(key)}")
            value_start = self.skip(colon + 1)
            value, end = self.value(value_start, depth)
            members[key] = _Member(key, value, at, key_end, value_start, end)
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
            raise self.error(f"more than {_DEEPEST} levels of brackets", at)
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


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the document is written. `indent` of its members is None when it stands on one line."""

    newline: str
    base: str
    indent: str | None
    colon: str
    comma: str

    @classmethod
    def of(cls, document: _Document) -> _Layout:
        text, members = document.text, document.members
        newline = re.search(r"\r\n|\n|\r", text)
        base = re.split(r"[\r\n]", text[: document.start])[-1]
        indents = [indent for member in members if (indent := _indent(text, member)) is not None]
        if not members and re.search(r"[\r\n]", text[document.start : document.end]):
            indents = [base + "  "]
        colon = text[members[-1].key_end : members[-1].value_start] if members else ": "
        comma = text[members[-2].end : members[-1].start] if len(members) > 1 else ""
        return cls(
            newline=newline[0] if newline else "\n",
            base=base,
            indent=indents[-1] if indents else None,
            colon=colon if colon in {":", " :", " : "} else ": ",
            comma=comma if comma in {",", ", ", " , "} else "," if colon == ":" else ", ",
        )

    def member(self, key: str, value: Any) -> str:
        return f"{json.dumps(key, ensure_ascii=False)}{self.colon}{self.value(value, self.indent)}"

    def value(self, value: Any, indent: str | None) -> str:
        if indent is None:
            separators = self.comma, self.colon
            return json.dumps(value, separators=separators, ensure_ascii=False, allow_nan=False)
        lines = json.dumps(
            value,
            indent=indent.removeprefix(self.base),
            separators=(",", self.colon),
            ensure_ascii=False,
            allow_nan=False,
        )
        return lines.replace("\n", self.newline + indent)

    def replacement(self, document: _Document, member: _Member, value: Any) -> str:
        old = document.text[member.value_start : member.end]
        own = _indent(document.text, member)
        on_one_line = member.value and isinstance(member.value, (list, dict)) and not re.search(r"[\r\n]", old)
        return self.value(value, None if on_one_line else self.indent if own is None else own)

    def insertion(self, document: _Document, added: list[str]) -> tuple[int, int, str]:
        separator = self.comma if self.indent is None else f",{self.newline}{self.indent}"
        joined = separator.join(added)
        if document.members:
            end = document.members[-1].end
            return end, end, separator + joined
        inside = document.start + 1, document.end - 1
        if self.indent is None:
            padding = document.text[slice(*inside)]
            return *inside, padding + joined + padding
        return *inside, f"{self.newline}{self.indent}{joined}{self.newline}{self.base}"


def _indent(text: str, member: _Member) -> str | None:
    """Return what stands before a member that begins its line."""
    line = re.search(r"[\r\n]([ \t]*)\Z", text[: member.start])
    return line[1] if line else None


def _same(one: Any, other: Any) -> bool:
    """As dockerd tells values apart: true is not 1, and 1500.0 is no integer."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text
