"""Several sessions, of several versions of this code, share what is built: one builds it, none removes what another uses."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.testbed.engine import cache_directory

KEPT_FOR = 7 * 24 * 3600
"""Seconds that something stays after its last use."""


@contextmanager
def locked(name: str) -> Iterator[None]:
    folder = cache_directory() / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def used(kind: str, name: str) -> list[str]:
    """Note that `name` is in use now; return those of its kind that nobody has used for a week."""
    folder = cache_directory() / "used" / kind
    folder.mkdir(parents=True, exist_ok=True)
    with locked("used"):
        (folder / name).touch()
        old = [path for path in folder.iterdir() if path.stat().st_mtime < time.time() - KEPT_FOR]
        for path in old:
            path.unlink()
    return [path.name for path in old]
