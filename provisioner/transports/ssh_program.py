"""What the ssh of this machine says of its configuration, where the files alone do not tell.

`ssh -G` prints the options of a host and connects to nothing. It runs the commands of `Match exec`, as every ssh to
that host does; host and user have been checked by then (`provisioner.transports.ssh_names`).
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence

_PATIENCE = 30.0
_NO_OPTION = "bad configuration option"


class RefusedError(Exception):
    """The words of ssh, when it refuses a configuration."""


def is_there() -> bool:
    return shutil.which("ssh") is not None


def knows(keyword: str) -> bool | None:
    """Whether the ssh of this machine has that option; None when there is no ssh. It is asked once for each option."""
    program = shutil.which("ssh")
    return _knows(program, keyword) if program else None


def options(arguments: Sequence[str]) -> dict[str, list[str]]:
    """Return the options of a host by keyword, each with the rest of its lines: `ssh -G` with these arguments.

    Raises:
        RefusedError: ssh refuses the configuration, or does not end.
    """
    program = shutil.which("ssh")
    if program is None:
        raise RefusedError("there is no ssh on this machine")
    completed = _run(program, ["-G", "-T", *arguments])
    if completed.returncode:
        said = [line.strip() for line in completed.stderr.splitlines() if line.strip()]
        raise RefusedError("; ".join(said[-3:]) or f"it ended with status {completed.returncode}")
    found: dict[str, list[str]] = {}
    for line in completed.stdout.splitlines():
        keyword, _, rest = line.partition(" ")
        found.setdefault(keyword.lower(), []).append(rest)
    return found


@functools.lru_cache(maxsize=256)
def _knows(program: str, keyword: str) -> bool:
    try:
        completed = _run(program, ["-G", "-T", "-F", os.devnull, "-o", f"{keyword}=no", "--", "localhost"])
    except RefusedError:
        return False
    return _NO_OPTION not in completed.stderr.lower()


def _run(program: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired as cause:
        raise RefusedError(f"it did not end within {_PATIENCE:.0f} s; does a Match exec wait?") from cause
    except OSError as cause:
        raise RefusedError(cause.strerror or str(cause)) from cause
