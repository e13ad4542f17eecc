"""Which lines of an SSH configuration count for a host, in one pass or in two, as OpenSSH goes through the files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.transports import ssh_program
from provisioner.transports.ssh_config_file import Block, Line, matches_list, read
from provisioner.transports.ssh_config_include import DEEPEST, ConfigFile, check_guarded, included
from provisioner.transports.ssh_config_match import Situation, UndecidedError, holds, names
from provisioner.transports.ssh_keywords import KNOWN, NOT_EVERYWHERE, REPEATED, TIMES
from provisioner.transports.ssh_names import canonical
from provisioner.transports.ssh_tokens import expanded

GIVEN = "the command line"
"""The place of what no file says."""


@dataclass(slots=True)
class Found:
    """What counts for a host: the first line of each keyword, and all lines of those that are repeated."""

    values: dict[str, Line] = field(default_factory=dict)
    repeated: dict[str, list[Line]] = field(default_factory=dict)
    written: Mapping[str, Sequence[Line]] | None = None
    """All lines of the files, when the values are those that ssh gave; its lists are complete."""

    def text(self, keyword: str) -> str | None:
        """The value of a keyword with one word."""
        line = self.values.get(keyword)
        return line.words[0] if line else None

    def place(self, keyword: str) -> str:
        return self.values[keyword].place

    def said(self, option: str, *, but: Collection[str]) -> str:
        """`Option value of FILE, line N`; "" when it is not there, or has one of the values that do not matter."""
        text = self.text(option.lower())
        return "" if text is None or text.lower() in but else f"{option} {text} of {self.place(option.lower())}"

    def take(self, line: Line) -> None:
        """Note a line that applies.

        Raises:
            UsageError: it says that there shall be no connection.
        """
        if line.keyword == "refuseconnection":
            raise UsageError(f"{line.place}: RefuseConnection: {' '.join(line.words)}")
        if line.keyword in REPEATED:
            there = self.repeated.setdefault(line.keyword, [])
            if all(line.words != other.words for other in there):
                there.append(line)
        elif line.keyword == "proxyjump":
            self._take_jump(line)
        elif line.keyword not in TIMES or line.words != ("none",):
            self.values.setdefault(line.keyword, line)

    def _take_jump(self, line: Line) -> None:
        """Whichever of ProxyJump and ProxyCommand comes first counts, also when it says none."""
        jump = line.rest.partition("#")[0].rstrip()
        none = jump.lower() == "none"
        if "proxyjump" in self.values or ("proxycommand" in self.values and not none):
            return
        self.values["proxyjump"] = Line("proxyjump", (jump,), jump, line.place)
        if not none:
            self.values["proxycommand"] = Line("proxycommand", ("none",), "none", line.place)


def look_up(host: str, account: str, config_files: Sequence[ConfigFile], given: Sequence[Line]) -> Found:
    """Return what counts for a host as it was typed; what was `given` on the command line comes first.

    Raises:
        UndecidedError: the files alone do not tell.
        UsageError: OpenSSH refuses one of the files.
    """
    walk = _Walk(host, account)
    for line in given:
        walk.found.take(line)
    walk.through(config_files)
    for keyword, usual in (("canonicalizehostname", {"no", "false"}), ("canonicalizepermittedcnames", {"none"})):
        if keyword in walk.found.values and (walk.found.text(keyword) or "").lower() not in usual:
            raise UndecidedError(walk.found.place(keyword), keyword)
    if walk.final:
        walk.second_pass(config_files)
    elif walk.not_final:  # does it ask for a second pass? Versions of OpenSSH differ
        raise UndecidedError(walk.not_final, "Match !final")
    return walk.found


class _Walk:
    """One host on its way through the files."""

    def __init__(self, host: str, account: str) -> None:
        self._typed = self._host = host
        self._account = account
        self._second = False
        self.found = Found()
        self.final = self.not_final = ""
        """Where a Match line has that criterion."""

    def second_pass(self, config_files: Sequence[ConfigFile]) -> None:
        """`Match final` holds now, and Host lines are compared with what HostName has made of the host."""
        self._host = canonical(self._host_now())
        place = self.found.place("hostname") if "hostname" in self.found.values else GIVEN
        self.found.values["hostname"] = Line("hostname", (self._host.replace("%", "%%"),), self._host, place)
        self._second = True
        self.through(config_files)

    def through(self, config_files: Sequence[ConfigFile]) -> None:
        for config_file in config_files:
            if config_file.is_there():
                if config_file.users and not config_file.named:
                    check_guarded(config_file.path)
                self._file(config_file, config_file.path, 0, active=True)

    def _host_now(self) -> str:
        line = self.found.values.get("hostname")
        return expanded(line.words[0], {"h": self._host}, line.place) if line else self._host

    def _file(self, config_file: ConfigFile, path: Path, depth: int, *, active: bool) -> None:
        if depth > DEEPEST:
            raise UsageError(f"{path}: Include is nested too deeply", hint="does a file include itself?")
        whole = active
        for block in _read(path):
            if block.header is not None:
                active = self._applies(block.header, whole=whole)
            for line in block.lines if active else block.always:
                if line.keyword == "include":
                    for file in included(line, config_file):
                        check_guarded(file)
                        self._file(config_file, file, depth + 1, active=active)
                    continue
                if line.doubt:
                    raise UndecidedError(line.place, line.doubt)
                if line.keyword not in KNOWN or line.written in NOT_EVERYWHERE:
                    self._check_known(line)
                if active and line.keyword in KNOWN:
                    self.found.take(line)

    def _applies(self, header: Line, *, whole: bool) -> bool:
        """`whole` is whether the file counts at all."""
        if header.keyword == "host":
            return whole and names(self._host, header.words)
        criteria = {word.lower() for word in header.words}
        self.final = self.final or (header.place if "final" in criteria else "")
        self.not_final = self.not_final or (header.place if "!final" in criteria else "")
        return holds(
            header,
            Situation(
                typed=self._typed,
                host=self._host_now(),
                user=self.found.text("user") or self._account,
                account=self._account,
                final=self._second,
                counts=whole,
            ),
        )

    def _check_known(self, line: Line) -> None:
        if matches_list(line.written, (self.found.text("ignoreunknown") or "").lower()):
            return
        known = ssh_program.knows(line.written)
        if known is None:  # no ssh here that could refuse it
            known = line.written in NOT_EVERYWHERE
        if not known:
            raise UsageError(
                f"{line.place}: {line.written} is no option of OpenSSH",
                hint=f"put IgnoreUnknown {line.written} above it, or take another file with --ssh-config",
            )
        if line.written not in NOT_EVERYWHERE:
            raise UsageError(
                f"{line.place}: {line.written}: OpenSSH knows this option, provisioner does not",
                hint="--ssh-config FILE takes another configuration, and leaves the system's out",
            )


def _read(path: Path) -> Sequence[Block]:
    try:
        return read(path)
    except OSError as cause:
        raise UsageError(f"{path}: {cause.strerror or cause}") from cause
