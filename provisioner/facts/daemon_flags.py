"""Directives of daemon.json that dockerd is given as flags, each with the place where it stands.

The same directive in both places stops dockerd from starting and from reloading.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from provisioner.catalogue.daemon_keys import Key, key
from provisioner.errors import DaemonConfigurationError
from provisioner.facts.model import Facts
from provisioner.host_files import docker_opts
from provisioner.host_files.docker_opts import ShellVariable
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_unit import Argument, ServiceSection

_CONFIG_FILE = Key("", "string", "config-file", (), "", (), (), (), None, "")


@dataclass(frozen=True, slots=True)
class FlagPlace:
    """One place that gives `flag` to dockerd. `file` is None for the command line of the running daemon alone.

    `variable` is that of an environment file. `words` are those of ExecStart= that give the flag. `obstacle` says why
    it cannot be taken out by a program.
    """

    key: str
    flag: str
    values: tuple[str, ...]
    file: HostFile | None = None
    line: int = 0
    variable: str = ""
    words: tuple[Argument, ...] = ()
    obstacle: str = ""

    @property
    def where(self) -> str:
        return f"{self.file.asked or self.file.path}, line {self.line}" if self.file else "the running dockerd"


@dataclass(frozen=True, slots=True)
class DaemonFlags:
    """Where dockerd gets its flags from: its unit, variables of environment files, else its own command line alone.

    `command_line` are the arguments of the running dockerd; () where no init system tells what starts it again.
    """

    service: ServiceSection
    variables: tuple[ShellVariable, ...]
    command_line: tuple[str, ...]

    def places(self, name: str) -> tuple[FlagPlace, ...]:
        """Return where the key `name` is given as a flag, files before the command line; () when nowhere."""
        row = key(name)
        if row is None or not row.flag:
            return ()
        found = [*self._in_unit(row), *self._in_variables(row)]
        if not found:
            given = _settings([Argument(word, 0, 0, 0) for word in self.command_line], row)
            if given:
                values = tuple(value for value, _ in given)
                found.append(FlagPlace(name, f"--{row.flag}", values, obstacle="no file that gives it is known"))
        return tuple(found)

    def _in_unit(self, row: Key) -> Iterator[FlagPlace]:
        start = self.service.start
        if start is None:
            return
        for value, words in _settings(start.words, row):
            odd = "an expansion or escape is part of it" if re.search(r"[$\\]|(?<!%)%(?!%)", value) else ""
            values = (value.replace("%%", "%"),)
            flag = f"--{row.flag}" if words[0].text.startswith("--") else f"-{row.short}"
            yield FlagPlace(row.name, flag, values, start.file, words[0].line, words=tuple(words), obstacle=odd)
        inner = [(start.file, word, "it is part of a longer word") for word in start.words]
        inner += [
            (line.file, word, "it stands in Environment=") for line in self.service.environment for word in line.words
        ]
        for file, word, obstacle in inner:
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
    variables: list[ShellVariable] = []
    for file, names in _environment_files(facts, service):
        with suppress(DaemonConfigurationError):
            variables += [ShellVariable.read(file, name) for name in names]
    command_line = facts.engine.command_line[1:] if facts.init != "none" else ()
    return DaemonFlags(service, tuple(variables), command_line)


def without(words: Iterable[str], keys: Iterable[str]) -> list[str]:
    """Return the arguments of a command line without the flags for `keys` and without --config-file."""
    line = [Argument(word, 0, 0, 0) for word in words]
    rows = [*filter(None, map(key, keys)), _CONFIG_FILE]
    gone = {id(word) for row in rows if row.flag for _, given in _settings(line, row) for word in given}
    return [word.text for word in line if id(word) not in gone]


def _environment_files(facts: Facts, service: ServiceSection) -> Iterator[tuple[HostFile, tuple[str, ...]]]:
    """The files whose variables reach dockerd's command line, with those variables."""
    files = [file for file in (facts.options_file, *facts.sysconfig_files) if file]
    if facts.init != "systemd" or facts.engine_unit is None:
        for file in files:
            own = (docker_opts.VARIABLE,) if file is facts.options_file else _variables(file.text)
            yield file, own
        return
    start = service.start
    used = set(re.findall(r"\$\{?(\w+)", start.file.text[start.start : start.end])) if start else set()
    for file in files:
        if any(fnmatch.fnmatch(file.asked or file.path, pattern) for pattern in service.environment_files):
            yield file, tuple(name for name in _variables(file.text) if name in used)


def _variables(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.findall(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=", text)))


def _settings(words: Sequence[Argument], row: Key) -> list[tuple[str, list[Argument]]]:
    """The values given to the flag, each with the words that give it; "true" for a switch."""
    long, short = f"--{row.flag}", f"-{row.short}" if row.short else ""
    found: list[tuple[str, list[Argument]]] = []
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
