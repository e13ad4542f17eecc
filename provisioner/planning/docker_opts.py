"""Daemon options in a file of shell assignments: DOCKER_OPTS in /etc/default/docker.

The init script sources the file with sh and passes `$DOCKER_OPTS` unquoted: the value is split at white
space, quotes inside it have no meaning. What cannot be known without running the file is never guessed:
reading shows it as it is written, editing refuses and says where.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from provisioner.errors import DaemonConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PATH = "/etc/default/docker"
VARIABLE = "DOCKER_OPTS"


def options(text: str | None, *, variable: str = VARIABLE, path: str = PATH) -> tuple[str, ...]:
    """Return the words that the init script passes to dockerd.

    `$OTHER`, backticks and `$(…)` stay as they are written. An assignment inside an if or a function counts
    as executed and adds to what stood before: who looks for conflicts had better see too many options.

    Raises:
        DaemonConfigurationError: the shell cannot read the file either, or it is too involved.
    """
    return tuple(_text(word) for word in _split(_Script.read(text or "", variable, path).value))


def directive_lines(text: str | None, flag: str, *, variable: str = VARIABLE, path: str = PATH) -> tuple[int, ...]:
    """Return the numbers of the lines, from 1, from which dockerd gets `flag` (`registry-mirror`, `H`)."""
    script = _Script.read(text or "", variable, path)
    settings = _settings(_split(script.value), flag.lstrip("-"))
    return tuple(sorted({script.text.count("\n", 0, words[0][0].start) + 1 for _, words in settings}))


def set_registry_mirrors(
    text: str | None, mirrors: Sequence[str], *, variable: str = VARIABLE, path: str = PATH
) -> str:
    return set_flag(text, "registry-mirror", mirrors, variable=variable, path=path)


def set_flag(text: str | None, flag: str, values: Sequence[str], *, variable: str = VARIABLE, path: str = PATH) -> str:
    """Return `text` with `--flag=value` for exactly these values, in this order, and all else byte for byte.

    The flag goes from every assignment of `variable`, and the new ones stand at the end of the last one,
    inside its quotes. The same values in the same order, give or take a trailing slash, return the same text.

    Raises:
        DaemonConfigurationError: the file cannot be edited without guessing what the shell makes of it.
    """
    flag = flag.lstrip("-")
    if unfit := [value for value in values if not value or re.search(r"[\s\0]", value)]:
        raise ValueError(f"{unfit[0]!r} cannot be passed in {variable}, which is split at white space")
    before = text or ""
    script = _Script.read(before, variable, path)
    if not values and not any(flag in _text(word.cells) for word in script.words):
        return before
    script.refuse_unsafe(flag)
    if [value.rstrip("/") for value in script.values(flag)] == [value.rstrip("/") for value in values]:
        return before
    after = _without(script, flag)
    if values:
        arguments = " ".join(f"--{flag}={value}" for value in values)
        after = _with(_Script.read(after, variable, path), arguments)
    result = _Script.read(after, variable, path)
    if result.hazards or result.values(flag) != list(values) or result.others(flag) != script.others(flag):
        raise script.unsafe(script.assignments[-1].start if script.assignments else len(before), "cannot be edited")
    return after


@dataclass(frozen=True, slots=True)
class _Cell:
    """A character of a word and where it comes from; an expansion is one cell with the text as written."""

    text: str
    start: int
    end: int
    dynamic: bool = False

    @property
    def is_space(self) -> bool:
        return not self.dynamic and self.text in " \t\n"


@dataclass(frozen=True, slots=True)
class _Word:
    cells: tuple[_Cell, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Command:
    """A simple command. `certain` when it runs in this shell whatever happens before it."""

    words: tuple[_Word, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class _Assignment:
    """What stands between the = and the end of the word."""

    cells: tuple[_Cell, ...]
    start: int
    end: int


@dataclass(slots=True)
class _Script:
    text: str
    variable: str
    path: str
    words: list[_Word] = field(default_factory=list)
    assignments: list[_Assignment] = field(default_factory=list)
    # Assignments of other variables, and of this one with bash's +=, which other shells take for a command.
    foreign: list[_Word] = field(default_factory=list)
    appending: list[_Word] = field(default_factory=list)
    hazards: list[tuple[int, str]] = field(default_factory=list)
    leaving: list[int] = field(default_factory=list)
    sourcing: list[int] = field(default_factory=list)
    value: list[_Cell] = field(default_factory=list)
    # The value after each of the assignments.
    history: list[list[_Cell]] = field(default_factory=list)

    @property
    def references(self) -> set[str]:
        return {f"${self.variable}", f"${{{self.variable}}}"}

    @classmethod
    def read(cls, text: str, variable: str, path: str) -> _Script:
        script = cls(text, variable, path)
        for command in _Lexer(text, path).commands():
            script.add(command)
        return script

    def add(self, command: _Command) -> None:
        words = command.words
        self.words += words
        plain = 0
        while plain < len(words) and _ASSIGNMENT.match(self.text, words[plain].start):
            plain += 1
        name = _text(words[plain].cells) if plain < len(words) else ""
        declares = name in {"export", "readonly"}
        if name in {"return", "exit", "exec"}:
            self.leaving.append(words[plain].start)
        if name in {".", "source", "eval"}:
            self.sourcing.append(words[plain].start)
        for index, word in enumerate(words):
            executed = (index < plain and not name) or (index > plain and declares)
            if executed and _text(word.cells).startswith(f"{self.variable}="):
                self.assign(word, certain=command.certain)
            else:
                self.note(word, declares=declares)

    def note(self, word: _Word, *, declares: bool) -> None:
        """Remember a word that is no assignment of the variable and may change its value all the same."""
        written = _text(word.cells)
        if written.startswith(f"{self.variable}="):
            self.hazards.append((word.start, "stands in the arguments or the environment of a command"))
        elif written == self.variable and not declares:
            self.hazards.append((word.start, "is named in a command that may change it"))
        elif written.startswith(f"{self.variable}+="):
            self.appending.append(word)
        elif "=" in written:
            self.foreign.append(word)
        if any(cell.dynamic and re.match(rf"\$\{{{self.variable}:?=", cell.text) for cell in word.cells):
            self.hazards.append((word.start, "gets a default value inside an expansion"))

    def assign(self, word: _Word, *, certain: bool) -> None:
        equals = len(self.variable)
        cells = word.cells[equals + 1 :]
        expanded: list[_Cell] = []
        refers = False
        for cell in cells:
            if cell.dynamic and cell.text in self.references:
                refers = True
                expanded += self.value
            else:
                expanded.append(cell)
        if not certain:
            self.hazards.append((word.start, "is set inside an if, a function, a list or a subshell"))
            if not refers:
                expanded = [*self.value, _Cell(" ", word.start, word.start), *expanded]
        self.value = expanded
        self.history.append(expanded)
        self.assignments.append(_Assignment(cells, word.cells[equals].end, word.end))

    def values(self, flag: str) -> list[str]:
        return [value for value, _ in _settings(_split(self.value), flag)]

    def others(self, flag: str) -> list[str]:
        words = _split(self.value)
        taken = [id(word) for _, setting in _settings(words, flag) for word in setting]
        return [_text(word) for word in words if id(word) not in taken]

    def unsafe(self, offset: int, problem: str) -> DaemonConfigurationError:
        return DaemonConfigurationError(
            f"{self.variable} {problem}; what the shell makes of it cannot be told without running it",
            path=self.path,
            text=self.text,
            offset=offset,
            hint=f'Write {self.variable} as plain {self.variable}="…" lines in {self.path} and run again;'
            " the file has not been touched.",
        )

    def refuse_unsafe(self, flag: str) -> None:
        """Raise unless the variable's value, as far as `flag` is concerned, is written out in the file."""
        for offset, problem in chain(self.hazards, self.detours(), self.expansions(flag), self.neighbours(flag)):
            raise self.unsafe(offset, problem)

    def detours(self) -> Iterator[tuple[int, str]]:
        last = self.assignments[-1].start if self.assignments else None
        for offset in self.leaving:
            if last is None or offset < last:
                yield offset, "may not be reached: the file can end here"
        for offset in self.sourcing:
            if last is None or offset > last:
                yield offset, "may be changed by what is read here"

    def expansions(self, flag: str) -> Iterator[tuple[int, str]]:
        own = re.compile(rf"(?<!\w){re.escape(self.variable)}(?!\w)")
        for cell in (cell for assignment in self.assignments for cell in assignment.cells):
            if cell.text == "\r":
                yield cell.start, "has a carriage return in its value (Windows line ends)"
            elif cell.dynamic and cell.text not in self.references and own.search(cell.text):
                yield cell.start, "is used inside an expansion of its own value"
            elif cell.dynamic and flag in cell.text:
                yield cell.start, f"has --{flag} inside an expansion"
        for words in (_split(value) for value in self.history):
            given = [word for _, setting in _settings(words, flag) for word in setting]
            for cells in chain(given, (word for word in words if flag in _text(word))):
                for cell in cells:
                    if cell.dynamic:
                        yield cell.start, f"has an expansion in a --{flag} option"

    def neighbours(self, flag: str) -> Iterator[tuple[int, str]]:
        dynamic = any(cell.dynamic for cell in self.value)
        for word in self.foreign:
            written = _text(word.cells)
            if written.startswith("IFS=") or (dynamic and flag in written):
                yield word.start, "may depend on this other variable"
        for word in self.appending:
            if flag in _text(word.cells):
                yield word.start, "is appended to with +=, which not every sh knows"


def _text(cells: Iterable[_Cell]) -> str:
    return "".join(cell.text for cell in cells)


def _split(cells: Iterable[_Cell]) -> list[list[_Cell]]:
    words: list[list[_Cell]] = [[]]
    for cell in cells:
        if not cell.is_space:
            words[-1].append(cell)
        elif words[-1]:
            words.append([])
    return words if words[-1] else words[:-1]


def _settings(words: list[list[_Cell]], flag: str) -> list[tuple[str, list[list[_Cell]]]]:
    """Return the values given to `flag`, each with the one or two words that give it."""
    settings = []
    at = 0
    while at < len(words):
        word = _text(words[at])
        used = 1
        if word in {f"--{flag}", f"-{flag}"}:
            used = 2
            settings.append((_text(words[at + 1]) if at + 1 < len(words) else "", words[at : at + 2]))
        elif word.startswith((f"--{flag}=", f"-{flag}=")):
            settings.append((word.partition("=")[2], words[at : at + 1]))
        elif len(flag) == 1 and word.startswith(f"-{flag}"):
            settings.append((word[2:], words[at : at + 1]))
        at += used
    return settings


def _without(script: _Script, flag: str) -> str:
    flagged = {
        cell.start
        for cells in script.history
        for _, words in _settings(_split(cells), flag)
        for word in words
        for cell in word
    }
    cuts: set[tuple[int, int, str]] = set()
    for assignment in script.assignments:
        cut = _cuts(script.text, assignment, flagged)
        bare = not re.search("""["']""", script.text[assignment.start : assignment.end])
        if cut and bare and flagged.issuperset(cell.start for cell in assignment.cells if not cell.is_space):
            cut = {(assignment.start, assignment.end, '""')}
        cuts |= cut
    return _edited(script.text, cuts)


def _cuts(text: str, assignment: _Assignment, flagged: set[int]) -> set[tuple[int, int, str]]:
    """Return what to cut from an assignment: the flagged words, each with the white space on one side."""
    cuts: set[tuple[int, int, str]] = set()

    def cut(start: int, end: int) -> None:
        # White space within one kind of quotes goes with its line continuations, quotes themselves stay.
        if not re.search("""["']""", text[start:end]):
            cuts.add((start, end, ""))
        else:
            inside = (cell for cell in assignment.cells if start <= cell.start < end)
            cuts.update((cell.start, cell.end, "") for cell in inside)

    words = _split(assignment.cells)
    kept = False
    for index, word in enumerate(words):
        if not flagged.issuperset(cell.start for cell in word):
            kept = True
            cuts.update((cell.start, cell.end, "") for cell in word if cell.start in flagged)
            continue
        cut(word[0].start, word[-1].end)
        if kept:
            gap = words[index - 1][-1]
            # A backslash that means itself needs its space, or it would escape the closing quote.
            lone = text[gap.start : gap.end] == "\\"
            cut(gap.end + lone, word[0].start)
        elif index + 1 < len(words):
            cut(word[-1].end, words[index + 1][0].start)
    return cuts


def _with(script: _Script, arguments: str) -> str:
    text = script.text
    quoted = '"' + re.sub(r'([\\$`"])', r"\\\1", arguments) + '"'
    if not script.assignments:
        return _appended(script, f"{script.variable}={quoted}\n")
    target = script.assignments[-1]
    cells, start, end = target.cells, target.start, target.end
    gap = "" if not cells or cells[-1].is_space else " "
    closing = text[end - 1]
    if closing in {'"', "'"} and end > start and (not cells or end > cells[-1].end):
        inside = quoted[1:-1] if closing == '"' else arguments.replace("'", "'\\''")
        return _edited(text, {(end - 1, end - 1, gap + inside)})
    if re.fullmatch(r"[\w./:=,@%+-]+", text[start:end]):
        return _edited(text, {(start, start, '"'), (end, end, gap + quoted[1:])})
    return _edited(text, {(end, end, f'"{gap}{quoted[1:]}')})


def _appended(script: _Script, line: str) -> str:
    text = script.text
    if text.endswith("\\") and script.words and script.words[-1].end == len(text):
        raise script.unsafe(len(text) - 1, "cannot follow a backslash at the end of the file")
    if text and (not text.endswith("\n") or text.endswith("\\\n")):
        text += "\n"
    return text + line


def _edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_OPERATOR = re.compile(r"&&|\|\||;;|<<|>>|[<>]&|<>|>\||[;&|<>()\n]")
_OPENING = {"if": "fi", "while": "done", "until": "done", "for": "done", "case": "esac", "{": "}", "(": ")"}
_CLOSING = {"fi", "done", "esac", "}"}
_BETWEEN = {"then", "elif", "else", "do", "!"}
_EXPANSION = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]|\{[^{}'\"\\`$]*\})|`(?:[^`\\]|\\.)*`", re.DOTALL)
# The parts of a $(…) that need no shell grammar: no comments, no case, no quotes nested in expansions.
_SUBSTITUTION = re.compile(r"""'[^']*'|"(?:[^"\\$`]|\\.|\$(?![({]))*"|\\.|[()]|[^'"\\()`]""", re.DOTALL)
_INVOLVED = re.compile(r"(?:^|[\s;(&|])(?:#|case\b)|<<")


class _Lexer:
    """Just as much of the shell's grammar as tells which assignments are executed, and with which value."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.at = 0
        self.read: list[_Command] = []
        self.words: list[_Word] = []
        self.open: list[tuple[str, int]] = []
        self.before = ";"

    def commands(self) -> list[_Command]:
        while self.at < len(self.text):
            if self.text[self.at] in " \t":
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif self.text[self.at] == "#":
                self.at = (self.text + "\n").index("\n", self.at)
            elif operator := _OPERATOR.match(self.text, self.at):
                self.operator(operator[0])
                self.at = operator.end()
            else:
                self.reserved_or_word()
        self.end_command("\n")
        if self.open:
            raise self.error(f"what begins here is never closed with {self.open[-1][0]}", self.open[-1][1])
        return self.read

    def error(self, problem: str, offset: int) -> DaemonConfigurationError:
        return DaemonConfigurationError(problem, path=self.path, text=self.text, offset=offset)

    def end_command(self, operator: str) -> None:
        if self.words:
            certain = not self.open and self.before not in {"&&", "||", "|"} and operator not in {"|", "&"}
            self.read.append(_Command(tuple(self.words), certain))
        if self.words or operator != "\n":
            self.before = operator
        self.words = []

    def operator(self, operator: str) -> None:
        if operator == "<<":
            raise self.error("a here-document cannot be read here", self.at)
        if operator[0] in "<>":
            return
        self.end_command(operator)
        # The patterns of a case end with a parenthesis that need not have been opened.
        if any(closing == "esac" for closing, _ in self.open):
            return
        if operator == "(":
            self.open.append((")", self.at))
        elif operator == ")":
            self.close(")", self.at)

    def close(self, word: str, offset: int) -> None:
        if not self.open or self.open[-1][0] != word:
            raise self.error(f"the shell does not expect {word} here", offset)
        self.open.pop()

    def reserved_or_word(self) -> None:
        word = self.word()
        source = self.text[word.start : word.end]
        if self.words or source not in {*_OPENING, *_CLOSING, *_BETWEEN}:
            self.words.append(word)
        elif source in _OPENING:
            self.open.append((_OPENING[source], word.start))
            # What follows for and case is a word, even if it looks like a reserved one.
            self.words = [word] if source in {"for", "case"} else []
        elif source in _CLOSING:
            self.close(source, word.start)

    def word(self) -> _Word:
        start = end = self.at
        cells: list[_Cell] = []
        while self.at < len(self.text) and self.text[self.at] not in " \t\n;&|<>()":
            char = self.text[self.at]
            if self.text.startswith("\\\n", self.at):
                self.at += 2
                continue
            if char == "'":
                closing = self.text.find("'", self.at + 1)
                if closing < 0:
                    raise self.error("a quote begins here and is never closed", self.at)
                cells += [_Cell(self.text[at], at, at + 1) for at in range(self.at + 1, closing)]
                self.at = closing + 1
            elif char == '"':
                cells += self.double_quoted()
            else:
                cells.append(self.cell(quoted=False))
            end = self.at
        return _Word(tuple(cells), start, end)

    def double_quoted(self) -> list[_Cell]:
        start = self.at
        cells = []
        self.at += 1
        while not self.text.startswith('"', self.at):
            if self.at >= len(self.text):
                raise self.error("a quote begins here and is never closed", start)
            if self.text.startswith("\\\n", self.at):
                self.at += 2
            else:
                cells.append(self.cell(quoted=True))
        self.at += 1
        return cells

    def cell(self, *, quoted: bool) -> _Cell:
        char, following = self.text[self.at], self.text[self.at + 1 : self.at + 2]
        if char == "\\" and following and (not quoted or following in '$`"\\'):
            return self.take(following, 2)
        if char in "$`":
            if expansion := _EXPANSION.match(self.text, self.at):
                return self.take(expansion[0], len(expansion[0]), dynamic=True)
            if following == "(":
                source = self.substitution()
                return self.take(source, len(source), dynamic=True)
            if char == "`" or following == "{" or (following in {"'", '"'} and not quoted):
                raise self.error("an expansion begins here that is too involved to be read", self.at)
        return self.take(char, 1)

    def take(self, text: str, length: int, *, dynamic: bool = False) -> _Cell:
        cell = _Cell(text, self.at, self.at + length, dynamic)
        self.at += length
        return cell

    def substitution(self) -> str:
        at, depth = self.at + 2, 1
        while depth:
            token = _SUBSTITUTION.match(self.text, at)
            if token is None:
                raise self.error("an expansion begins here that is too involved to be read", self.at)
            depth += {"(": 1, ")": -1}.get(token[0], 0)
            at = token.end()
        source = self.text[self.at : at]
        if _INVOLVED.search(source[2:]):
            raise self.error("an expansion begins here that is too involved to be read", self.at)
        return source
