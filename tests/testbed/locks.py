"""File locks: several sessions share images and files, and only one of them builds a thing."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.testbed.engine import cache_directory


@contextmanager
def locked(name: str) -> Iterator[None]:
    folder = cache_directory() / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
