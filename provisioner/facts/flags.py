"""Directives of daemon.json that dockerd is given as options: where each stands, and how it is taken out there.

The same directive in both places stops dockerd from starting and from reloading.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from provisioner.catalogue.daemon_keys import Key
from provisioner.catalogue.daemon_keys import key as row_of
from provisioner.errors import ApplyError, DaemonConfigurationError
from provisioner.facts.model import Facts
from provisioner.host_files import docker_opts
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_unit import Command, Word, command, environment, environment_files

DROP_IN = "/etc/systemd/system/docker.service.d/zz-provisioner.conf"
"""Takes the place of an ExecStart= that belongs to a package; its name sorts behind other drop-ins."""

OPTIONS_FILE = docker_opts.PATH


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
    words: tuple[Word, ...] = ()
    obstacle: str = ""

    @property
    def where(self) -> str:
        return f"{self.file.asked or self.file.path}, line {self.line}" if self.file else "the running dockerd"


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that loses its flags; `before` is None for a drop-in that is new."""

    path: str
    before: HostFile | None
    text: str


def flag_places(facts: Facts, key: str) -> tuple[FlagPlace, ...]:
    """Return where dockerd gets `key` as an option, files before the command line; () when nowhere."""
    row = row_of(key)
    if row is None or not row.flag:
        return ()
    found = [*_in_unit(facts, row), *_in_environment(facts, row)]
    if not found and facts.init != "none":
        given = _settings([Word(word, 0, 0, 0) for word in facts.engine.command_line[1:]], row)
        if given:
            values = tuple(value for value, _ in given)
            found.append(FlagPlace(key, f"--{row.flag}", values, obstacle="no file that gives it is known"))
    return tuple(found)


def refusal(facts: Facts, place: FlagPlace) -> ApplyError:
    """Return the error that names the place and the way out."""
    consequence = f"with {place.key} in {facts.engine.config_path} as well"
    if place.file is None:
        return ApplyError(
            f"the running dockerd (pid {facts.engine.pid}) has {place.flag} on its command line; {consequence} it "
            "would not start again. Nothing was changed.",
            hint="find what starts it that way: systemctl cat docker",
        )
    moved = "" if place.obstacle else f", or let --take-over move it to {facts.engine.config_path}"
    return ApplyError(
        f"{place.where} gives {place.flag} to dockerd; {consequence} the daemon would not start. Nothing was changed."
        + (f" ({place.obstacle})" if place.obstacle else ""),
        hint=f"take {place.flag} out of that line, then run the command again{moved}",
    )


def taken_out(facts: Facts, places: Iterable[FlagPlace]) -> tuple[Edit, ...]:
    """Return the edits that take the flags out of their files: no other byte changes, packaged units stay as they are.

    Raises:
        ApplyError: a flag stands where no program can take it out safely.
        DaemonConfigurationError: an environment file cannot be edited without guessing.
    """
    places = tuple(places)
    for place in places:
        if place.obstacle:
            raise refusal(facts, place)
    edits: dict[str, Edit] = {}
    units = [place for place in places if place.words]
    if units:
        start = _command(facts)
        assert start is not None  # noqa: S101 # a place with words was found in it
        edit = _unit_edit(facts, start, units)
        edits[edit.path] = edit
    for place in places:
        if place.file and place.variable:
            path = place.file.path
            text = edits[path].text if path in edits else place.file.text
            name = place.flag.lstrip("-")
            edits[path] = Edit(
                path, place.file, docker_opts.set_flag(text, name, (), variable=place.variable, path=path)
            )
    return tuple(edits.values())


def without(words: Iterable[str], keys: Iterable[str]) -> list[str]:
    """Return the arguments of a command line without the options for `keys` and without --config-file."""
    line = [Word(word, 0, 0, 0) for word in words]
    rows = [*filter(None, map(row_of, keys)), _CONFIG_FILE]
    gone = {id(word) for row in rows if row.flag for _, given in _settings(line, row) for word in given}
    return [word.text for word in line if id(word) not in gone]


def _unit_edit(facts: Facts, start: Command, places: Sequence[FlagPlace]) -> Edit:
    words = [word for place in places for word in place.words]
    path = start.file.path
    if path.startswith("/etc/"):
        return Edit(path, start.file, start.without(words))
    unit = facts.units["docker.service"]
    earlier = next((file for file in unit.files if (file.asked or file.path) == DROP_IN), None)
    if earlier:
        raise ApplyError(
            f"{DROP_IN} exists and does not say how dockerd starts. Nothing was changed.", hint=f"rm {DROP_IN}"
        )
    flags = ", ".join(dict.fromkeys(place.flag for place in places))
    text = (
        f"# ExecStart= of {path} without {flags}, which stands in {facts.engine.config_path} now.\n"
        f"[Service]\nExecStart=\nExecStart={start.value_without(words)}\n"
    )
    return Edit(DROP_IN, None, text)


def _command(facts: Facts) -> Command | None:
    unit = facts.units.get("docker.service")
    return command(unit) if unit else None


def _in_unit(facts: Facts, row: Key) -> Iterator[FlagPlace]:
    unit = facts.units.get("docker.service")
    start = command(unit) if unit else None
    if unit is None or start is None:
        return
    for value, words in _settings(start.words, row):
        odd = "an expansion or escape is part of it" if re.search(r"[$\\]|(?<!%)%(?!%)", value) else ""
        values = (value.replace("%%", "%"),)
        yield FlagPlace(
            row.name, _flag(words[0], row), values, start.file, words[0].line, words=tuple(words), obstacle=odd
        )
    inner = [(start.file, word, "it is part of a longer word") for word in start.words]
    inner += [(each.file, word, "it stands in Environment=") for each in environment(unit) for word in each.words]
    for file, word, obstacle in inner:
        if re.search(rf"[\s\"'=]--{re.escape(row.flag)}(?![\w-])", word.text):
            yield FlagPlace(row.name, f"--{row.flag}", (), file, word.line, obstacle=obstacle)


def _in_environment(facts: Facts, row: Key) -> Iterator[FlagPlace]:
    for file, variables in _environment_files(facts):
        for variable in variables:
            for flag in filter(None, (row.flag, row.short)):
                try:
                    given = docker_opts.settings(file.text, flag, variable=variable, path=file.path)
                except DaemonConfigurationError:
                    given = ()  # a file that the shell cannot read gives nothing
                values = tuple(value for value, _ in given)
                if given:
                    obstacle = "a switch without a value" if row.type == "boolean" else ""
                    dashes = "-" if len(flag) == 1 else "--"
                    yield FlagPlace(
                        row.name, dashes + flag, values, file, given[0][1], variable=variable, obstacle=obstacle
                    )


def _environment_files(facts: Facts) -> Iterator[tuple[HostFile, tuple[str, ...]]]:
    """The files whose variables reach dockerd's command line, with those variables."""
    files = [file for file in (facts.options_file, *facts.sysconfig_files) if file]
    unit = facts.units.get("docker.service")
    if facts.init != "systemd" or unit is None:
        for file in files:
            own = (docker_opts.VARIABLE,) if file is facts.options_file else _variables(file.text)
            yield file, own
        return
    start = command(unit)
    used = set(re.findall(r"\$\{?(\w+)", start.file.text[start.start : start.end])) if start else set()
    patterns = environment_files(unit)
    for file in files:
        if any(fnmatch.fnmatch(file.asked or file.path, pattern) for pattern in patterns):
            yield file, tuple(name for name in _variables(file.text) if name in used)


def _variables(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.findall(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=", text)))


def _settings(words: Sequence[Word], row: Key) -> list[tuple[str, list[Word]]]:
    """The values given to the option, each with the words that give it; "true" for a switch."""
    long, short = f"--{row.flag}", f"-{row.short}" if row.short else ""
    found: list[tuple[str, list[Word]]] = []
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


def _flag(word: Word, row: Key) -> str:
    return f"--{row.flag}" if word.text.startswith("--") else f"-{row.short}"
