"""Arguments and options -> hosts to work on."""

from __future__ import annotations

import getpass
import shlex
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from provisioner.cli.option_groups import as_typed, lost_letters
from provisioner.cli.options import Connection, WantedState
from provisioner.errors import ProvisionerError, UsageError
from provisioner.report import gate
from provisioner.runs import targets as run
from provisioner.runs.target import Target, in_full


def targets(
    names: Sequence[str] | None,
    connection: Connection,
    said: Mapping[str, Any] | None = None,
    *,
    only_said: bool = False,
    force: bool = False,
) -> list[Target]:
    """See `provisioner.runs.targets.targets` and, for `force`, `Target`. That a shard is empty is said here."""
    lettered = lost_letters(type(connection), Connection)
    try:
        found = run.targets(names, connection, said, person=Typist(), only_said=only_said)
    except ProvisionerError as error:
        error.message, error.hint = in_full(error.message, lettered), in_full(error.hint, lettered)
        raise
    tell_empty_shard(connection, found)
    reached = as_typed(connection, leave_out=("limit", "shard", "keep_together", "forks"))
    return [
        replace(target, force=force, words=shlex.join([target.name, *reached]), lettered=lettered) for target in found
    ]


def tell_empty_shard(connection: Connection, found: Sequence[Target]) -> None:
    """Say so where the hosts were divided and none is left."""
    if connection.shard and not found:
        gate.remark(f"shard {connection.shard}: none of the hosts is in it; nothing is to be done here")


def with_wanted(names: Sequence[str] | None, connection: Connection, wanted: WantedState) -> list[Target]:
    """The hosts of a command that takes the options of the wanted state."""
    options = shlex.join(as_typed(wanted))
    found = targets(names, connection, wanted.said(), force=wanted.force)
    return [replace(target, options=options) for target in found]


class Typist:
    """The person at this terminal; see `provisioner.runs.targets.Person`."""

    def password(self, prompt: str) -> str:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)
                return getpass.getpass(prompt)
        except getpass.GetPassWarning:  # there is no terminal: it may come through a pipe
            line = sys.stdin.readline()
        except (EOFError, UnicodeDecodeError):
            line = ""
        if not line:
            hint = "without a terminal it is read from standard input, a line for each question"
            raise UsageError("no password was typed; nothing was contacted", hint=hint)
        return line.rstrip("\r\n")

    def warn(self, text: str) -> None:
        gate.remark(f"warning: {text}")
