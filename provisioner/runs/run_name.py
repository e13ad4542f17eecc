"""What a run is called: in the history, and on each of its hosts."""

from __future__ import annotations

import re
import secrets
import time

from provisioner.errors import UsageError

RESERVED = ("last", "show", "export", "merge")
"""Words of the command history, which would take a run of that name for something else."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def run_name(given: str | None = None) -> str:
    """Return `given`, or a new name; names that are not given sort by their time.

    Raises:
        UsageError: it cannot be the name of a directory everywhere, or means something else to `history`.
    """
    if given is None:
        return time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + "-" + secrets.token_hex(3)
    if not _NAME.fullmatch(given) or given in RESERVED:
        raise UsageError(
            f"{given!r} cannot be the name of a run",
            hint="write up to 80 letters, digits, dots, dashes and underscores, a letter or digit first; "
            f"not {', '.join(RESERVED)}",
        )
    return given
