"""Arguments and options -> hosts to work on."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.cli.options import Connection
from provisioner.errors import UsageError
from provisioner.report import gate
from provisioner.runs import targets as run
from provisioner.runs.target import Target


def targets(
    names: Sequence[str] | None,
    connection: Connection,
    wanted: Mapping[str, Any] | None = None,
    *,
    only_said: bool = False,
) -> list[Target]:
    """See `provisioner.runs.targets.targets`."""
    return run.targets(names, connection, wanted, person=_Person(), only_said=only_said)


class _Person:
    """Whoever sits at this terminal."""

    def password(self, prompt: str) -> str:
        try:
            return getpass.getpass(prompt)
        except (EOFError, UnicodeDecodeError) as cause:
            raise UsageError("no password was typed; nothing was contacted") from cause

    def warn(self, text: str) -> None:
        gate.remark(f"warning: {text}")
