"""The files of an SSH configuration: where they are, which others they include, and who may write them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.transports.ssh_config_file import Line, read
from provisioner.transports.ssh_config_match import UndecidedError

DEEPEST = 16  # nested Include, as in OpenSSH


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file and the folder of its relative Includes."""

    path: Path
    folder: Path
    users: bool = True
    """The user's own, which may include from a home; not the system's."""
    named: bool = False
    """Named on the command line: it must be readable, and may be anybody's."""

    def is_there(self) -> bool:
        """Whether there is anything to read. OpenSSH passes over the two usual files when they cannot be read."""
        return self.path.exists() and (self.named or os.access(self.path, os.R_OK))


def included(line: Line, config_file: ConfigFile) -> list[Path]:
    """Return the files that an Include line names; a pattern that matches nothing names none.

    Raises:
        UndecidedError: tokens and variables, which old versions of OpenSSH do not replace.
        UsageError: a home in the system's file.
    """
    files: list[str] = []
    for word in line.words:
        if "%" in word or "${" in word:
            raise UndecidedError(line.place, "Include with tokens")
        if word.startswith("~") and not config_file.users:
            raise UsageError(f"{line.place}: Include {word}: the system's file has no home")
        try:
            path = config_file.folder / Path(word).expanduser()
        except RuntimeError as cause:
            raise UsageError(f"{line.place}: Include {word}: there is no such account") from cause
        files += sorted(glob(str(path)))  # noqa: PTH207 # of absolute patterns
    return [Path(file) for file in files]


def check_guarded(path: Path) -> None:
    """Refuse a file that somebody else may write, as OpenSSH does: it could send the login anywhere.

    Raises:
        UndecidedError: its group may write it, which some distributions allow when nobody else is in the group.
        UsageError: another account owns it, or everybody may write it.
    """
    if os.name != "posix":
        return
    try:
        there = path.stat()
    except OSError as cause:
        raise UsageError(f"{path}: {cause.strerror or cause}") from cause
    if there.st_uid not in {0, os.getuid()} or there.st_mode & stat.S_IWOTH:
        raise UsageError(
            f"{path}: another account may write this file", hint=f"chown it to yourself, and chmod go-w {path}"
        )
    if there.st_mode & stat.S_IWGRP:
        raise UndecidedError(str(path), "a file that its group may write")


def every_line(config_files: Sequence[ConfigFile]) -> Iterator[Line]:
    """All lines of the files and of what they include, whether they count or not."""
    for config_file in config_files:
        if config_file.is_there():
            yield from _lines(config_file, config_file.path, 0)


def _lines(config_file: ConfigFile, path: Path, depth: int) -> Iterator[Line]:
    for block in read(path):
        if block.header is not None:
            yield block.header
        for line in block.lines:
            yield line
            if line.keyword == "include" and depth < DEEPEST:
                for file in included(line, config_file):
                    yield from _lines(config_file, file, depth + 1)
