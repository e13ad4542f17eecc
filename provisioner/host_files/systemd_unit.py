"""ExecStart= of a systemd service: which one counts, of which words it is made, and how single words are taken out.

Read as systemd does (systemd.syntax, systemd.service): an empty assignment forgets the earlier ones, a backslash at
the end of a line continues it, comments between continued lines are skipped, quotes hold a word together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.text_edits import edited


@dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit: the values of `systemctl show`, and the text of the files it is made of."""

    name: str
    load_state: str
    active_state: str
    unit_file_state: str
    files: tuple[HostFile, ...] = ()
    needs_reload: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """A word of a command line as the service gets it, and where it stands in the file."""

    text: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The value of an assignment: `start` to `end` in the text of `file`."""

    file: HostFile
    start: int
    end: int
    words: tuple[Argument, ...]

    def without(self, words: Iterable[Argument]) -> str:
        """Return the file's text without `words` and the white space before each; every other byte stays."""
        return edited(self.file.text, self._cuts(words))

    def value_without(self, words: Iterable[Argument]) -> str:
        """Return the command alone, without `words`."""
        cuts = [(start - self.start, end - self.start, "") for start, end, _ in self._cuts(words)]
        return edited(self.file.text[self.start : self.end], cuts)

    def _cuts(self, words: Iterable[Argument]) -> list[tuple[int, int, str]]:
        before = {word: previous.end for previous, word in zip(self.words, self.words[1:], strict=False)}
        return [(before.get(word, word.start), word.end, "") for word in words]


@dataclass(frozen=True, slots=True)
class ServiceSection:
    """What [Service] of a unit and its drop-ins say about its process.

    `start` is the ExecStart= that counts, None when there is none. `environment` are the assignments of Environment=,
    as words; `environment_files` the paths or patterns of EnvironmentFile=, in order.
    """

    start: CommandLine | None = None
    environment: tuple[CommandLine, ...] = ()
    environment_files: tuple[str, ...] = ()


def service_section(unit: Unit) -> ServiceSection:
    """Read the files of `unit` once."""
    found: dict[str, list[CommandLine]] = {"ExecStart": [], "Environment": [], "EnvironmentFile": []}
    for file, name, begin, end in _assignments(unit):
        if name in found:
            words = tuple(_words(file.text, begin, end))
            found[name] = [*found[name], CommandLine(file, begin, end, words)] if words else []
    paths = (line.file.text[line.start : line.end] for line in found["EnvironmentFile"])
    return ServiceSection(
        start=found["ExecStart"][-1] if found["ExecStart"] else None,
        environment=tuple(found["Environment"]),
        environment_files=tuple(path.strip().removeprefix("-").strip("\"'") for path in paths),
    )


def _assignments(unit: Unit) -> Iterator[tuple[HostFile, str, int, int]]:
    """(file, name, start, end) of every assignment in [Service], the unit's own file first, then drop-ins by name."""
    for file in sorted(unit.files, key=_rank):
        section = ""
        for start, end in _logical_lines(file.text):
            line = file.text[start:end]
            if header := re.match(r"\s*\[([^\]]*)\]", line):
                section = header[1]
            elif section == "Service" and (assignment := re.match(r"\s*(\w+)[ \t]*=[ \t]*", line)):
                yield file, assignment[1], start + assignment.end(), end


def _rank(file: HostFile) -> tuple[bool, str]:
    folder, _, name = (file.asked or file.path).rpartition("/")
    drop_in = folder.endswith(".d")
    return drop_in, name if drop_in else ""


def _logical_lines(text: str) -> Iterator[tuple[int, int]]:
    at, begin, continued = 0, 0, False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        comment = bare.lstrip().startswith(("#", ";"))
        if not continued:
            begin = at
        at += len(line)
        if comment:
            continue
        continued = bare.endswith("\\")
        if not continued:
            yield begin, at - (len(line) - len(bare))
    if continued:
        yield begin, len(text)


def _words(text: str, start: int, end: int) -> Iterator[Argument]:
    at = start
    fresh = False
    while at < end:
        if fresh and (comment := re.compile(r"[ \t]*[#;][^\n]*\n").match(text, at, end)):
            at = comment.end()
        elif gap := re.compile(r"\\\r?\n").match(text, at, end):
            at, fresh = gap.end(), True
        elif text[at].isspace():
            at += 1
        else:
            fresh = False
            word, after = _word(text, at, end)
            yield Argument(word, at, after, text.count("\n", 0, at) + 1)
            at = after


def _word(text: str, start: int, end: int) -> tuple[str, int]:
    at, quote, read = start, "", ""
    while at < end and (quote or not text[at].isspace()):
        char = text[at]
        if re.compile(r"\\\r?\n").match(text, at, end):
            break
        if char == "\\" and at + 1 < end:
            read += text[at : at + 2]
            at += 2
            continue
        if char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        else:
            read += char
        at += 1
    return read, at
