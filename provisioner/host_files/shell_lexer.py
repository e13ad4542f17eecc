"""Just as much of the shell's grammar as tells which assignments a file executes, and with which value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.errors import DaemonConfigurationError

_OPERATOR = re.compile(r"&&|\|\||;;|<<|>>|[<>]&|<>|>\||[;&|<>()\n]")
_OPENING = {"if": "fi", "while": "done", "until": "done", "for": "done", "case": "esac", "{": "}", "(": ")"}
_CLOSING = {"fi", "done", "esac", "}"}
_BETWEEN = {"then", "elif", "else", "do", "!"}
_EXPANSION = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]|\{[^{}'\"\\`$]*\})|`(?:[^`\\]|\\.)*`", re.DOTALL)
# The parts of a $(…) that need no shell grammar: no comments, no case, no quotes nested in expansions.
_SUBSTITUTION = re.compile(r"""'[^']*'|"(?:[^"\\$`]|\\.|\$(?![({]))*"|\\.|[()]|[^'"\\()`]""", re.DOTALL)
_INVOLVED = re.compile(r"(?:^|[\s;(&|])(?:#|case\b)|<<")


@dataclass(frozen=True, slots=True)
class Cell:
    """A character of a word and where it comes from; an expansion is one cell with the text as written."""

    text: str
    start: int
    end: int
    dynamic: bool = False

    @property
    def is_space(self) -> bool:
        return not self.dynamic and self.text in " \t\n"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command, and where it stands in the text."""

    cells: tuple[Cell, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command. `certain` when it runs in this shell whatever happens before it."""

    words: tuple[Word, ...]
    certain: bool


def text_of(cells: Iterable[Cell]) -> str:
    """Return the characters as one text."""
    return "".join(cell.text for cell in cells)


def split_words(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Return the words that an unquoted expansion splits `cells` into, at white space."""
    words: list[list[Cell]] = [[]]
    for cell in cells:
        if not cell.is_space:
            words[-1].append(cell)
        elif words[-1]:
            words.append([])
    return words if words[-1] else words[:-1]


class Lexer:
    """Reads `text`, a file at `path`, into the commands that a shell would run."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.at = 0
        self.read: list[Command] = []
        self.words: list[Word] = []
        self.open: list[tuple[str, int]] = []
        self.before = ";"

    def commands(self) -> list[Command]:
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
            self.read.append(Command(tuple(self.words), certain))
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

    def word(self) -> Word:
        start = end = self.at
        cells: list[Cell] = []
        while self.at < len(self.text) and self.text[self.at] not in " \t\n;&|<>()":
            char = self.text[self.at]
            if self.text.startswith("\\\n", self.at):
                self.at += 2
                continue
            if char == "'":
                closing = self.text.find("'", self.at + 1)
                if closing < 0:
                    raise self.error("a quote begins here and is never closed", self.at)
                cells += [Cell(self.text[at], at, at + 1) for at in range(self.at + 1, closing)]
                self.at = closing + 1
            elif char == '"':
                cells += self.double_quoted()
            else:
                cells.append(self.cell(quoted=False))
            end = self.at
        return Word(tuple(cells), start, end)

    def double_quoted(self) -> list[Cell]:
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

    def cell(self, *, quoted: bool) -> Cell:
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

    def take(self, text: str, length: int, *, dynamic: bool = False) -> Cell:
        cell = Cell(text, self.at, self.at + length, dynamic)
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
