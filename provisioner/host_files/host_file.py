"""A file of a host, as it was read there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostFile:
    """A regular file on the host, as it was read; `path` is where the last symlink leads."""

    path: str
    text: str
    mode: str = "644"
    owner: str = "root:root"
    immutable: bool = False
    asked: str = ""
    """The path that was looked at, when it is a symlink to `path`."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", "surrogateescape")).hexdigest()
