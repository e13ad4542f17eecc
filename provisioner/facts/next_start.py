"""The command line with which the engine starts the next time, each word with the place where it stands.

systemd takes the words of ExecStart=, replaces specifiers, then variables: `$NAME` as a word of its own becomes as many
words as the value has, quotes counting; `${NAME}` becomes its value; Environment= is overruled by EnvironmentFile=
(systemd.service(5), systemd.exec(5); tried with systemd 252, 257 and 262).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from provisioner.facts.model import Facts
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.shell_lexer import Cell, text_of
from provisioner.host_files.systemd_environment import NAME, Setting, depends_on_version, environment_settings
from provisioner.host_files.systemd_unit import Argument, EnvironmentFile, ServiceSection

WRITTEN_WHEN_STARTING = ("/run/", "/var/run/", "/tmp/")  # noqa: S108 # compared with, not written
"""Files below these are made anew by somebody before the engine starts."""

_SPECIFIERS = {
    "%": "%",
    "i": "",
    "I": "",
    "t": "/run",
    "S": "/var/lib",
    "C": "/var/cache",
    "L": "/var/log",
    "E": "/etc",
}
"""Of the manager of the system."""


@dataclass(frozen=True, slots=True)
class StartWord:
    """A word as dockerd gets it. `argument` is the word of ExecStart= that it is or is part of.

    Where a variable gives it, `setting` is that variable and `cells` are the word's characters with its quotes.
    """

    text: str
    argument: Argument
    setting: Setting | None = None
    cells: tuple[Cell, ...] = ()

    @property
    def mixed(self) -> bool:
        """A variable or a specifier is only part of it."""
        return self.setting is None and self.text != self.argument.text


@dataclass(frozen=True, slots=True)
class NextStart:
    """`doubt` says why these need not be all words; "" when they are. `fails` says why there will be no start."""

    words: tuple[StartWord, ...] = ()
    doubt: str = ""
    fails: str = ""


def environment_files(facts: Facts) -> tuple[HostFile, ...]:
    """Return the files from which the engine's service takes variables."""
    return tuple(file for file in (facts.options_file, *facts.sysconfig_files) if file)


def next_start(facts: Facts, service: ServiceSection) -> NextStart:
    """Work out what systemd will do with the files of the engine's unit, once it has read them."""
    unit, start = facts.engine_unit, service.start
    if unit is None or start is None:
        return NextStart(doubt=f"{facts.engine.unit} does not say how dockerd starts")
    first = start.words[0].text.lstrip("@-:+!|")
    if not first.rpartition("/")[2].startswith("dockerd"):
        return NextStart(doubt=f"ExecStart= of {facts.engine.unit} runs {first}, which starts dockerd in its own way")
    doubts: list[str] = []
    fails: list[str] = []
    settings = {setting.name: setting for setting in _of_units(service, facts)}
    for entry in service.environment_files:
        settings |= {setting.name: setting for setting in _of_file(entry, facts, doubts, fails)}
    for word in service.unset:
        settings.pop(word.partition("=")[0], None)
    flags = start.words[0].text.partition("/")[0]
    words = tuple(_expanded(start.words[2 if "@" in flags else 1 :], settings, facts, doubts, plain=":" in flags))
    seen = ((word.text, _specified(word.text, facts)) for word in start.words[1:])
    read = " ".join([first, *(written if text is None else text for written, text in seen)])
    if unit.arguments and not unit.needs_reload and unit.arguments.split() != read.split():
        doubts.append(f"systemd has read another ExecStart= of {facts.engine.unit}")
    return NextStart(words, "; ".join(dict.fromkeys(doubts)), "; ".join(dict.fromkeys(fails)))


def _of_units(service: ServiceSection, facts: Facts) -> Iterator[Setting]:
    for line in service.environment:
        for word in line.words:
            name, equals, _ = word.text.partition("=")
            if equals and NAME.fullmatch(name):
                cells = tuple(_specified_cells(word.cells[len(name) + 1 :], facts))
                yield Setting(line.file, name, cells, word.start)


def _of_file(entry: EnvironmentFile, facts: Facts, doubts: list[str], fails: list[str]) -> Iterator[Setting]:
    path = _specified(entry.path, facts)
    if path is None:
        doubts.append(f"EnvironmentFile={entry.path} holds a specifier that is not known here")
        return
    if path.startswith(WRITTEN_WHEN_STARTING):
        doubts.append(f"{path} is made when the host starts")
    found = [file for file in environment_files(facts) if fnmatch.fnmatchcase(file.asked or file.path, path)]
    odd = [odd for odd in facts.odd_files if fnmatch.fnmatchcase(odd.partition(" ")[0], path)]
    unit = facts.engine_unit
    if odd:
        doubts.append(odd[0])
    elif not found and unit and unit.needs_reload:
        doubts.append(f"{path} was not read, since systemd has not read the unit that names it")
    elif not found and not entry.optional:
        fails.append(f"{path} is missing, which {facts.engine.unit} does not start without")
    for file in sorted(found, key=lambda file: file.asked or file.path):
        if depends_on_version(file):
            doubts.append(f"a comment of {file.path} ends in a backslash, which versions of systemd read differently")
        yield from environment_settings(file)


def _expanded(
    arguments: Sequence[Argument], settings: Mapping[str, Setting], facts: Facts, doubts: list[str], *, plain: bool
) -> Iterator[StartWord]:
    for argument in arguments:
        text = _specified(argument.text, facts)
        if text is None:
            doubts.append(f"the word {argument.text} of ExecStart= holds a specifier that is not known here")
            yield StartWord(argument.text, argument)
        elif plain:
            yield StartWord(text, argument)
        elif re.match(r"\$[^{$]", text):
            _doubt_the_environment([text[1:]], settings, facts, doubts)
            if setting := settings.get(text[1:]):
                for cells in split_value(setting.cells):
                    yield StartWord(text_of(bare(cells)), argument, setting, tuple(cells))
        else:
            names = re.findall(r"\$\{([^}]*)\}", text)
            _doubt_the_environment(names, settings, facts, doubts)
            yield StartWord(re.sub(r"\$(?:\{([^}]*)\}|\$)", _replacement(settings), text), argument)


def _replacement(settings: Mapping[str, Setting]) -> Callable[[re.Match[str]], str]:
    def value(match: re.Match[str]) -> str:
        setting = settings.get(match[1] or "")
        return "$" if match[1] is None else setting.value if setting else ""

    return value


def _doubt_the_environment(
    names: Iterable[str], settings: Mapping[str, Setting], facts: Facts, doubts: list[str]
) -> None:
    for name in names:
        setting = settings.get(name)
        if setting is None and name in facts.manager_environment:
            doubts.append(f"${name} comes from the environment of systemd itself")
        elif setting and any(cell.dynamic for cell in setting.cells):
            doubts.append(f"the value of ${name} holds a specifier that is not known here")


def split_value(cells: Iterable[Cell]) -> Iterator[list[Cell]]:
    """The words of a value, each with its quotes and backslashes."""
    word: list[Cell] = []
    quote, escaped = "", False
    for cell in cells:
        if cell.is_space and not quote and not escaped:
            if word:
                yield word
            word = []
            continue
        word.append(cell)
        if escaped:
            escaped = False
        elif cell.text == "\\":
            escaped = True
        elif cell.text == quote:
            quote = ""
        elif not quote and cell.text in {"'", '"'}:
            quote = cell.text
    if word:
        yield word


def bare(cells: Iterable[Cell]) -> Iterator[Cell]:
    """The characters of a word without the quotes that hold it together."""
    quote, escaped = "", False
    for cell in cells:
        if escaped:
            escaped = False
            yield cell
        elif cell.text == "\\":
            escaped = True
        elif cell.text == quote:
            quote = ""
        elif not quote and cell.text in {"'", '"'}:
            quote = cell.text
        else:
            yield cell


def _specified(text: str, facts: Facts) -> str | None:
    """`text` with its specifiers replaced; None when one of them is not known."""
    known = {"n": facts.engine.unit, "N": facts.engine.unit.removesuffix(".service"), **_SPECIFIERS}
    known |= {"p": known["N"], "H": facts.hostname, "v": facts.kernel}
    if any(name not in known for name in re.findall(r"%(.)", text)):
        return None
    return re.sub(r"%(.)", lambda match: known[match[1]], text)


def _specified_cells(cells: Sequence[Cell], facts: Facts) -> Iterator[Cell]:
    at = 0
    while at < len(cells):
        pair = text_of(cells[at : at + 2])
        if pair.startswith("%") and len(pair) == 2:
            text = _specified(pair, facts)
            yield Cell(pair if text is None else text, cells[at].start, cells[at + 1].end, dynamic=text is None)
            at += 2
        else:
            yield cells[at]
            at += 1
