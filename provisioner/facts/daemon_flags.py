"""Directives of daemon.json that dockerd is given as flags, each with the place where it stands.

The same directive in both places stops dockerd from starting and from reloading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from provisioner.catalogue.daemon_keys import Key, key
from provisioner.errors import DaemonConfigurationError
from provisioner.facts.model import Facts
from provisioner.facts.next_start import NextStart, StartWord, environment_files, next_start
from provisioner.host_files import docker_opts
from provisioner.host_files.docker_opts import ShellVariable
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_unit import Argument, ServiceSection

_CONFIG_FILE = Key("", "string", "config-file", (), "", (), (), (), None, "")
PROXIES = ("http-proxy", "https-proxy", "no-proxy")
"""Members of the key proxies; each is an option of its own."""


class _Text(Protocol):
    @property
    def text(self) -> str: ...


WordT = TypeVar("WordT", bound=_Text)


@dataclass(frozen=True, slots=True)
class FlagPlace:
    """One place that gives `flag` to dockerd. `file` is None for the command line of the running daemon alone.

    `words` are those of ExecStart= that give the flag. Where a variable gives it, `given` are its words as systemd
    makes them of a file or of Environment=, and `variable` is its name; without `given` the file is one for the shell.
    `obstacle` says why it cannot be taken out by a program.
    """

    key: str
    flag: str
    values: tuple[str, ...]
    file: HostFile | None = None
    line: int = 0
    variable: str = ""
    words: tuple[Argument, ...] = ()
    given: tuple[StartWord, ...] = ()
    obstacle: str = ""

    @property
    def where(self) -> str:
        return f"{self.file.asked or self.file.path}, line {self.line}" if self.file else "the running dockerd"


@dataclass(frozen=True, slots=True)
class DaemonFlags:
    """Where dockerd gets its flags from: its unit and environment files, else its own command line alone.

    `command_line` are the arguments of the running dockerd. `next` is what systemd will start, None on other systems,
    where `variables` are those of the files that a shell reads.
    """

    service: ServiceSection
    next: NextStart | None
    variables: tuple[ShellVariable, ...]
    command_line: tuple[str, ...]
    shell_doubt: str = ""

    @property
    def doubt(self) -> str:
        """Why these need not be all flags of the next start; "" when they are."""
        return self.next.doubt if self.next else self.shell_doubt

    def places(self, name: str) -> tuple[FlagPlace, ...]:
        """Return where the key `name` is given as a flag, files before the command line; () when nowhere."""
        rows = [Key(name, "string", flag, (), "", (), (), (), None, "") for flag in PROXIES if name == "proxies"]
        row = key(name)
        if row and row.flag:
            rows.append(row)
        found = [place for row in rows for place in (*self._in_unit(row), *self._in_variables(row))]
        if not found:
            given = [(row, value) for row in rows for value, _ in _settings(_plain(self.command_line), row)]
            if given:
                values = tuple(value for _, value in given)
                flag = f"--{given[0][0].flag}"
                found.append(FlagPlace(name, flag, values, obstacle="no file that gives it is known"))
        return tuple(found)

    def _in_unit(self, row: Key) -> Iterator[FlagPlace]:
        start = self.service.start
        if start is None or self.next is None:
            return
        yield from (_place(row, value, words, start.file) for value, words in _settings(self.next.words, row))
        if not self.next.doubt:
            return
        # Which of these words dockerd gets is unknown: all are shown, so that no conflict stays unseen.
        words = [(start.file, word, "it is part of a longer word") for word in start.words]
        words += [
            (line.file, word, "it stands in Environment=") for line in self.service.environment for word in line.words
        ]
        for file, word, obstacle in words:
            if re.search(rf"[\s\"'=]--{re.escape(row.flag)}(?![\w-])", word.text):
                yield FlagPlace(row.name, f"--{row.flag}", (), file, word.line, obstacle=obstacle)

    def _in_variables(self, row: Key) -> Iterator[FlagPlace]:
        obstacle = "a switch without a value" if row.type == "boolean" else ""
        for variable in self.variables:
            for flag in filter(None, (row.flag, row.short)):
                given = variable.settings(flag)
                if given:
                    values = tuple(value for value, _ in given)
                    dashes = "-" if len(flag) == 1 else "--"
                    yield FlagPlace(
                        *(row.name, dashes + flag, values, variable.file, given[0][1]),
                        variable=variable.name,
                        obstacle=obstacle,
                    )


def daemon_flags(facts: Facts, service: ServiceSection) -> DaemonFlags:
    """Read the files that give dockerd its flags; one that the shell cannot read gives none."""
    by_systemd = facts.init == "systemd" and facts.engine_unit is not None
    read = [_read(file, name) for file, names in (() if by_systemd else _shell_files(facts)) for name in names]
    variables = [found for found in read if isinstance(found, ShellVariable)]
    doubt = next((found for found in read if isinstance(found, str)), "")
    dynamic = [variable for variable in variables if any(cell.dynamic for word in variable.words for cell in word)]
    if dynamic:
        doubt = f"only the shell can tell what {dynamic[0].file.path} gives to {dynamic[0].name}"
    start = next_start(facts, service) if by_systemd else None
    return DaemonFlags(service, start, tuple(variables), facts.engine.command_line[1:], doubt)


def _read(file: HostFile, name: str) -> ShellVariable | str:
    """The variable, or why the shell cannot read the file."""
    try:
        return ShellVariable.read(file, name)
    except DaemonConfigurationError as error:
        return error.message.partition("\n")[0]


def without(words: Iterable[str], keys: Iterable[str]) -> list[str]:
    """Return the arguments of a command line without the flags for `keys` and without --config-file."""
    line = _plain(words)
    rows = [*filter(None, map(key, keys)), _CONFIG_FILE]
    gone = {id(word) for row in rows if row.flag for _, given in _settings(line, row) for word in given}
    return [word.text for word in line if id(word) not in gone]


def _place(row: Key, value: str, words: Sequence[StartWord], start: HostFile) -> FlagPlace:
    first = words[0]
    flag = f"--{row.flag}" if first.text.startswith("--") else f"-{row.short}"
    settings = {word.setting.name if word.setting else "" for word in words}
    place = FlagPlace(row.name, flag, (value,), start, first.argument.line)
    if len(settings) > 1 or any(word.mixed for word in words) or re.search(r"[$\\]", value):
        return replace(place, obstacle="an expansion or escape is part of it")
    if first.setting is None:
        return replace(place, words=tuple(word.argument for word in words))
    file = first.setting.file
    line = file.text.count("\n", 0, first.cells[0].start) + 1
    return replace(place, file=file, line=line, variable=first.setting.name, given=tuple(words))


def _shell_files(facts: Facts) -> Iterator[tuple[HostFile, tuple[str, ...]]]:
    """The files whose variables reach dockerd's command line by way of an init script, with those variables."""
    for file in environment_files(facts):
        yield file, (docker_opts.VARIABLE,) if file is facts.options_file else _variables(file.text)


def _variables(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.findall(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=", text)))


def _plain(words: Iterable[str]) -> list[Argument]:
    return [Argument(word, 0, 0, 0) for word in words]


def _settings(words: Sequence[WordT], row: Key) -> list[tuple[str, list[WordT]]]:
    """The values given to the flag, each with the words that give it; "true" for a switch."""
    long, short = f"--{row.flag}", f"-{row.short}" if row.short else ""
    found: list[tuple[str, list[WordT]]] = []
    left = list(words)
    while left:
        word = left.pop(0)
        name, equals, value = word.text.partition("=")
        if name == long or (short and name == short):
            taken = [word]
            if not equals and row.type == "boolean":
                value = "true"
            elif not equals and left:
                taken.append(left.pop(0))
                value = taken[-1].text
            found.append((value, taken))
        elif short and row.type != "boolean" and word.text.startswith(short) and not word.text.startswith("--"):
            found.append((word.text.removeprefix(short).removeprefix("="), [word]))
    return found
