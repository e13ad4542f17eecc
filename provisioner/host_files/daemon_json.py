"""daemon.json: read it as dockerd does, and change single keys without touching any other byte.

`merge` and `remove` return the text they were given when there is nothing to change. What they write is laid
out as the document is; a fresh document has an indentation of two spaces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.errors import DaemonConfigurationError
from provisioner.host_files.json_scanner import Document, Member, read
from provisioner.host_files.text_edits import edited

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
    return {member.key: member.value for member in read(text, path).members}


def merge(text: str | None, wanted: Mapping[str, Any], path: str = PATH) -> str:
    """Return `text` with the top-level keys of `wanted` set, and every other byte as it was; see `DaemonJson.merged`.

    Raises:
        DaemonConfigurationError: `text` cannot be read; see `parse`.
    """
    return DaemonJson.read(text, path).merged(wanted)


@dataclass(frozen=True, slots=True)
class DaemonJson:
    """A daemon.json that was read once. `text` is None when there is no such file.

    `broken` says why it cannot be read, and where; `values` are empty then.
    """

    path: str = PATH
    text: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    broken: DaemonConfigurationError | None = field(default=None, compare=False)
    _document: Document | None = field(default=None, repr=False, compare=False)

    @classmethod
    def read(cls, text: str | None, path: str = PATH) -> DaemonJson:
        try:
            document = read(text or "", path)
        except DaemonConfigurationError as error:
            return cls(path, text, broken=error)
        return cls(path, text, {member.key: member.value for member in document.members}, _document=document)

    @property
    def required(self) -> Mapping[str, Any]:
        """The values of a file that must be readable.

        Raises:
            DaemonConfigurationError: it is not; see `parse`.
        """
        if self.broken:
            raise self.broken
        return self.values

    def refused(self, key: str, problem: str) -> DaemonConfigurationError:
        """Return the error that says `problem` of the value of `key`, with its place."""
        members = self._document.members if self._document else ()
        offset = next((member.value_start for member in members if member.key == key), 0)
        return DaemonConfigurationError(problem, path=self.path, text=self.text or "", offset=offset)

    def merged(self, wanted: Mapping[str, Any]) -> str:
        """Return the text with the top-level keys of `wanted` set, and every other byte as it was.

        A key that has its wanted value already is left alone, new keys go to the end. A list or object that stood
        on one line stays on one line, and so does a document on one line. A byte order mark goes when something
        changes: engines before 23.0 refuse it.

        Raises:
            DaemonConfigurationError: the file cannot be read; see `parse`.
        """
        current = self.required
        changed = {key: value for key, value in wanted.items() if key not in current or not _same(current[key], value)}
        if self.text is not None and not changed:
            return self.text
        if self._document is None or not self._document.text.strip():
            return json.dumps(changed, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        result = _set(self._document, changed)
        after = json.loads(result)  # another reader than the one that made the edits
        if after.keys() != {**current, **changed}.keys() or any(not _same(after[key], changed[key]) for key in changed):
            raise AssertionError(f"the edit of {self.path} would not say what is wanted")
        return result


def _set(document: Document, changed: Mapping[str, Any]) -> str:
    present = {member.key: member for member in document.members}
    layout = _Layout.of(document)
    edits = [
        (member.value_start, member.end, layout.replacement(document, member, changed[member.key]))
        for member in document.members
        if member.key in changed
    ]
    added = [layout.member(key, value) for key, value in changed.items() if key not in present]
    if added:
        edits.append(layout.insertion(document, added))
    return edited(document.text, edits)


def remove(text: str, keys: Collection[str], path: str = PATH) -> str:
    """Return `text` without the top-level members `keys`, their commas and their lines.

    Raises:
        DaemonConfigurationError: `text` cannot be read; see `parse`.
    """
    document = read(text, path)
    members = document.members
    kept = [member for member in members if member.key not in keys]
    if len(kept) == len(members):
        return text
    if not kept:
        return edited(document.text, [(document.start + 1, members[-1].end, "")])
    return edited(
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
class _Layout:
    """How the document is written. `indent` of its members is None when it stands on one line."""

    newline: str
    base: str
    indent: str | None
    colon: str
    comma: str

    @classmethod
    def of(cls, document: Document) -> _Layout:
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

    def replacement(self, document: Document, member: Member, value: Any) -> str:
        old = document.text[member.value_start : member.end]
        own = _indent(document.text, member)
        on_one_line = member.value and isinstance(member.value, (list, dict)) and not re.search(r"[\r\n]", old)
        return self.value(value, None if on_one_line else self.indent if own is None else own)

    def insertion(self, document: Document, added: list[str]) -> tuple[int, int, str]:
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


def _indent(text: str, member: Member) -> str | None:
    """Return what stands before a member that begins its line."""
    line = re.search(r"[\r\n]([ \t]*)\Z", text[: member.start])
    return line[1] if line else None


def _same(one: Any, other: Any) -> bool:
    """As dockerd tells values apart: true is not 1, and 1500.0 is no integer."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
