"""Daemon options in a file of shell assignments: DOCKER_OPTS in /etc/default/docker.

The init script sources the file with sh and passes `$DOCKER_OPTS` unquoted: the value is split at white space, and
quotes inside it have no meaning. Where only running the file would tell, reading shows the text as it is written, and
editing refuses and says where.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.shell_assignments import Assignment, Script, flag_settings
from provisioner.host_files.shell_lexer import Cell, split_words, text_of
from provisioner.host_files.text_edits import edited

PATH = "/etc/default/docker"
VARIABLE = "DOCKER_OPTS"


def options(text: str | None, *, variable: str = VARIABLE, path: str = PATH) -> tuple[str, ...]:
    """Return the words that the init script passes to dockerd.

    `$OTHER`, backticks and `$(…)` stay as they are written. An assignment inside an if or a function counts
    as executed and adds to what stood before, so that a search for conflicts sees every option.

    Raises:
        DaemonConfigurationError: the shell cannot read the file either, or it is too involved.
    """
    return tuple(text_of(word) for word in split_words(Script.read(text or "", variable, path).value))


@dataclass(frozen=True, slots=True)
class ShellVariable:
    """A variable of an environment file, read once: `words` are those its value is split into."""

    file: HostFile
    name: str
    words: tuple[tuple[Cell, ...], ...]

    @classmethod
    def read(cls, file: HostFile, name: str) -> ShellVariable:
        """Raises DaemonConfigurationError when the shell cannot read the file either, or it is too involved."""
        return cls(file, name, tuple(map(tuple, split_words(Script.read(file.text, name, file.path).value))))

    def settings(self, flag: str) -> tuple[tuple[str, int], ...]:
        """Return the values given to `flag`, each with the number of its line, from 1."""
        found = flag_settings([list(word) for word in self.words], flag)
        return tuple((value, self.file.text.count("\n", 0, words[0][0].start) + 1) for value, words in found)


def settings(text: str | None, flag: str, *, variable: str = VARIABLE, path: str = PATH) -> tuple[tuple[str, int], ...]:
    """Return the values that dockerd gets for `flag`, each with the number of its line, from 1.

    Raises:
        DaemonConfigurationError: the shell cannot read the file either, or it is too involved.
    """
    return ShellVariable.read(HostFile(path, text or ""), variable).settings(flag.lstrip("-"))


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
    script = Script.read(before, variable, path)
    if not values and not any(flag in text_of(word.cells) for word in script.words):
        return before
    script.refuse_unsafe(flag)
    if [value.rstrip("/") for value in script.values(flag)] == [value.rstrip("/") for value in values]:
        return before
    after = _without(script, flag)
    if values:
        arguments = " ".join(f"--{flag}={value}" for value in values)
        after = _with(Script.read(after, variable, path), arguments)
    result = Script.read(after, variable, path)
    if result.hazards or result.values(flag) != list(values) or result.others(flag) != script.others(flag):
        raise script.unsafe(script.assignments[-1].start if script.assignments else len(before), "cannot be edited")
    return after


def _without(script: Script, flag: str) -> str:
    flagged = {
        cell.start
        for cells in script.history
        for _, words in flag_settings(split_words(cells), flag)
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
    return edited(script.text, cuts)


def _cuts(text: str, assignment: Assignment, flagged: set[int]) -> set[tuple[int, int, str]]:
    """Return what to cut from an assignment: the flagged words, each with the white space on one side."""
    cuts: set[tuple[int, int, str]] = set()

    def cut(start: int, end: int) -> None:
        # White space within one kind of quotes goes with its line continuations, quotes themselves stay.
        if not re.search("""["']""", text[start:end]):
            cuts.add((start, end, ""))
        else:
            inside = (cell for cell in assignment.cells if start <= cell.start < end)
            cuts.update((cell.start, cell.end, "") for cell in inside)

    words = split_words(assignment.cells)
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


def _with(script: Script, arguments: str) -> str:
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
        return edited(text, {(end - 1, end - 1, gap + inside)})
    if re.fullmatch(r"[\w./:=,@%+-]+", text[start:end]):
        return edited(text, {(start, start, '"'), (end, end, gap + quoted[1:])})
    return edited(text, {(end, end, f'"{gap}{quoted[1:]}')})


def _appended(script: Script, line: str) -> str:
    text = script.text
    if text.endswith("\\") and script.words and script.words[-1].end == len(text):
        raise script.unsafe(len(text) - 1, "cannot follow a backslash at the end of the file")
    if text and (not text.endswith("\n") or text.endswith("\\\n")):
        text += "\n"
    return text + line
