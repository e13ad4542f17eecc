"""What a file of shell assignments gives to one variable, and what keeps that from being known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from provisioner.errors import DaemonConfigurationError
from provisioner.host_files.shell_lexer import Cell, Command, Lexer, Word, split_words, text_of

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Assignment:
    """What stands between the = and the end of the word."""

    cells: tuple[Cell, ...]
    start: int
    end: int


@dataclass(slots=True)
class Script:
    """A file of shell assignments, and all that decides the value of `variable` in it."""

    text: str
    variable: str
    path: str
    words: list[Word] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    # Assignments of other variables, and of this one with bash's +=, which other shells take for a command.
    foreign: list[Word] = field(default_factory=list)
    appending: list[Word] = field(default_factory=list)
    hazards: list[tuple[int, str]] = field(default_factory=list)
    leaving: list[int] = field(default_factory=list)
    sourcing: list[int] = field(default_factory=list)
    value: list[Cell] = field(default_factory=list)
    # The value after each of the assignments.
    history: list[list[Cell]] = field(default_factory=list)

    @property
    def references(self) -> set[str]:
        return {f"${self.variable}", f"${{{self.variable}}}"}

    @classmethod
    def read(cls, text: str, variable: str, path: str) -> Script:
        script = cls(text, variable, path)
        for command in Lexer(text, path).commands():
            script.add(command)
        return script

    def add(self, command: Command) -> None:
        words = command.words
        self.words += words
        plain = 0
        while plain < len(words) and _ASSIGNMENT.match(self.text, words[plain].start):
            plain += 1
        name = text_of(words[plain].cells) if plain < len(words) else ""
        declares = name in {"export", "readonly"}
        if name in {"return", "exit", "exec"}:
            self.leaving.append(words[plain].start)
        if name in {".", "source", "eval"}:
            self.sourcing.append(words[plain].start)
        for index, word in enumerate(words):
            executed = (index < plain and not name) or (index > plain and declares)
            if executed and text_of(word.cells).startswith(f"{self.variable}="):
                self.assign(word, certain=command.certain)
            else:
                self.note(word, declares=declares)

    def note(self, word: Word, *, declares: bool) -> None:
        """Remember a word that is no assignment of the variable and may change its value all the same."""
        written = text_of(word.cells)
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

    def assign(self, word: Word, *, certain: bool) -> None:
        equals = len(self.variable)
        cells = word.cells[equals + 1 :]
        expanded: list[Cell] = []
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
                expanded = [*self.value, Cell(" ", word.start, word.start), *expanded]
        self.value = expanded
        self.history.append(expanded)
        self.assignments.append(Assignment(cells, word.cells[equals].end, word.end))

    def values(self, flag: str) -> list[str]:
        return [value for value, _ in flag_settings(split_words(self.value), flag)]

    def others(self, flag: str) -> list[str]:
        words = split_words(self.value)
        taken = [id(word) for _, setting in flag_settings(words, flag) for word in setting]
        return [text_of(word) for word in words if id(word) not in taken]

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
        for words in (split_words(value) for value in self.history):
            given = [word for _, setting in flag_settings(words, flag) for word in setting]
            for cells in chain(given, (word for word in words if flag in text_of(word))):
                for cell in cells:
                    if cell.dynamic:
                        yield cell.start, f"has an expansion in a --{flag} option"

    def neighbours(self, flag: str) -> Iterator[tuple[int, str]]:
        dynamic = any(cell.dynamic for cell in self.value)
        for word in self.foreign:
            written = text_of(word.cells)
            if written.startswith("IFS=") or (dynamic and flag in written):
                yield word.start, "may depend on this other variable"
        for word in self.appending:
            if flag in text_of(word.cells):
                yield word.start, "is appended to with +=, which not every sh knows"


def flag_settings(words: list[list[Cell]], flag: str) -> list[tuple[str, list[list[Cell]]]]:
    """Return the values given to `flag`, each with the one or two words that give it."""
    settings = []
    at = 0
    while at < len(words):
        word = text_of(words[at])
        used = 1
        if word in {f"--{flag}", f"-{flag}"}:
            used = 2
            settings.append((text_of(words[at + 1]) if at + 1 < len(words) else "", words[at : at + 2]))
        elif word.startswith((f"--{flag}=", f"-{flag}=")):
            settings.append((word.partition("=")[2], words[at : at + 1]))
        elif len(flag) == 1 and word.startswith(f"-{flag}"):
            settings.append((word[2:], words[at : at + 1]))
        at += used
    return settings
