"""[Service] of a systemd unit: how it starts its process, with which environment, and how single words are taken out.

Read as systemd does (systemd.syntax, systemd.service, systemd.exec): an empty assignment forgets the earlier ones, a
backslash at the end of a line continues it, comments between continued lines are skipped, quotes hold a word together
and escapes are those of C. Specifiers and variables stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.shell_lexer import Cell, text_of
from provisioner.host_files.text_edits import edited

_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "s": " ",
    **{char: char for char in "\\\"'"},
}
_NUMBERED = re.compile(r"x([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})")
_PLACES = ("/etc/", "/run/", "/usr/local/lib/")
"""Of drop-ins with the same name the one below the first of these counts; one of a package counts last."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit: the values of `systemctl show`, and the text of the files it is made of.

    `arguments` is what systemd has read of ExecStart=, its words joined by spaces; "" when it says nothing. `result` is
    how its process ended the last time, "success" also before.
    """

    name: str
    load_state: str
    active_state: str
    unit_file_state: str
    files: tuple[HostFile, ...] = ()
    needs_reload: bool = False
    arguments: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """A word as it is meant, and where it stands in the file; `cells` are its characters.

    One with an escape that C does not know is not `valid`: systemd takes no notice of it and of what follows.
    """

    text: str
    start: int
    end: int
    line: int
    cells: tuple[Cell, ...] = ()
    valid: bool = True


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The value of an assignment: `start` to `end` in the text of `file`."""

    file: HostFile
    start: int
    end: int
    words: tuple[Argument, ...]

    def value_without(self, words: Iterable[Argument]) -> str:
        """Return the value alone, without `words`."""
        cuts = [(start - self.start, end - self.start, "") for start, end, _ in self.cuts(words)]
        return edited(self.file.text[self.start : self.end], cuts)

    def cuts(self, words: Iterable[Argument]) -> list[tuple[int, int, str]]:
        """Return the edits of the file that take out `words` and the white space before each."""
        before = {word: previous.end for previous, word in zip(self.words, self.words[1:], strict=False)}
        return [(before.get(word, word.start), word.end, "") for word in words]


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """A path or pattern of EnvironmentFile=; `optional` when it may be missing."""

    path: str
    optional: bool


@dataclass(frozen=True, slots=True)
class ServiceSection:
    """What [Service] of a unit and its drop-ins say about its process.

    `start` is the ExecStart= that counts, None when there is none. `environment` are the assignments of Environment=,
    as words; `environment_files` come after them, in order; `unset` are variables that are taken away again.
    """

    start: CommandLine | None = None
    environment: tuple[CommandLine, ...] = ()
    environment_files: tuple[EnvironmentFile, ...] = ()
    unset: tuple[str, ...] = ()


def service_section(unit: Unit) -> ServiceSection:
    """Read the files of `unit` once."""
    found: dict[str, list[CommandLine]] = {
        name: [] for name in ("ExecStart", "Environment", "EnvironmentFile", "UnsetEnvironment")
    }
    for file, name, cells in _assignments(unit):
        if name in found:
            words = tuple(_words(file.text, cells))
            valid = tuple(takewhile(lambda word: word.valid, words))
            if not words:
                found[name] = []
            elif valid == words or (valid and name != "ExecStart"):
                found[name].append(CommandLine(file, cells[0].start, cells[-1].end, valid))
    paths = (_stripped(line) for line in found["EnvironmentFile"])
    return ServiceSection(
        start=found["ExecStart"][-1] if found["ExecStart"] else None,
        environment=tuple(found["Environment"]),
        environment_files=tuple(EnvironmentFile(path.removeprefix("-"), path.startswith("-")) for path in paths),
        unset=tuple(word.text for line in found["UnsetEnvironment"] for word in line.words),
    )


def _stripped(line: CommandLine) -> str:
    return line.file.text[line.start : line.end].strip()


def _assignments(unit: Unit) -> Iterator[tuple[HostFile, str, Sequence[Cell]]]:
    """(file, name, cells of the value) of every assignment in [Service], the unit's own file first, then drop-ins."""
    for file in _in_order(unit.files):
        section = ""
        for cells in _logical_lines(file.text):
            line = text_of(cells)
            if header := re.match(r"\s*\[([^\]]*)\]", line):
                section = header[1]
            elif section == "Service" and (assignment := re.match(r"\s*(\w+)[ \t]*=[ \t]*", line)):
                at = assignment.end()
                end = cells[-1].end
                yield file, assignment[1], cells[at:] or [Cell("", end, end)]


def _in_order(files: Iterable[HostFile]) -> list[HostFile]:
    drop_ins: dict[str, HostFile] = {}
    own = []
    for file in files:
        folder, _, name = (file.asked or file.path).rpartition("/")
        if not folder.endswith(".d"):
            own.append(file)
        elif name not in drop_ins or _place(file) < _place(drop_ins[name]):
            drop_ins[name] = file
    return [*own, *(drop_ins[name] for name in sorted(drop_ins))]


def _place(file: HostFile) -> int:
    path = file.asked or file.path
    return next((number for number, place in enumerate(_PLACES) if path.startswith(place)), len(_PLACES))


def _logical_lines(text: str) -> Iterator[list[Cell]]:
    """Lines by their characters; where one continues, a space stands for the backslash and the end of its line."""
    cells: list[Cell] = []
    at = 0
    for line in text.split("\n"):
        bare = line.rstrip("\r")
        begin, at = at, at + len(line) + 1
        if bare.lstrip().startswith(("#", ";")):
            continue
        continued = len(re.search(r"\\*\Z", bare)[0]) % 2 == 1  # type: ignore[index] # it matches everywhere
        kept = bare[:-1] if continued else bare
        cells += [Cell(char, begin + index, begin + index + 1) for index, char in enumerate(kept)]
        if continued:
            cells.append(Cell(" ", begin + len(kept), min(at, len(text))))
            continue
        if cells:
            yield cells
        cells = []
    if cells:
        yield cells


def _words(text: str, cells: Sequence[Cell]) -> Iterator[Argument]:
    at = 0
    while at < len(cells):
        if cells[at].text.isspace() or not cells[at].text:
            at += 1
            continue
        word, after, valid = _word(cells, at)
        begin = cells[at].start
        line = text.count("\n", 0, begin) + 1
        yield Argument(text_of(word), begin, cells[after - 1].end, line, tuple(word), valid)
        at = after


def _word(cells: Sequence[Cell], at: int) -> tuple[list[Cell], int, bool]:
    quote, valid = "", True
    word: list[Cell] = []
    while at < len(cells) and (quote or not cells[at].text.isspace()):
        char = cells[at].text
        if char == "\\" and at + 1 < len(cells):
            read, taken = _escape(text_of(cells[at + 1 : at + 10]))
            valid = valid and bool(read)
            word.append(Cell(read, cells[at].start, cells[at + taken].end))
            at += taken
        elif char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        else:
            word.append(cells[at])
        at += 1
    return word, at, valid


def _escape(following: str) -> tuple[str, int]:
    """What a backslash and the characters after it mean, "" for nothing, and how many of these belong to it."""
    if numbered := _NUMBERED.match(following):
        code = int(next(filter(None, numbered.groups())), 8 if numbered[2] else 16)
        return chr(code) if 0 < code <= 0x10FFFF else "", len(numbered[0])
    return _ESCAPES.get(following[0], ""), 1
