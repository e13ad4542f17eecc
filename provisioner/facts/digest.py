"""One word for what a host answered: the same as long as nothing is different there that a plan rests on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from provisioner.facts.frames import Frame

PASSING = frozenset({"clock", "disk", "inodes", "docker-info", "in-progress", "journal-entry", "journal-last", "login"})
"""Frames whose text differs from one moment to the next, or says who asks. Of what `docker info` tells, a plan needs
what the files, the command line and the process behind the engine decide."""


def digest(answer: Iterable[Frame]) -> str:
    """Of answers to the same question: each frame's name and body, without those that are PASSING."""
    found = hashlib.sha256()
    for frame in answer:
        if frame.name not in PASSING:
            found.update(f"{frame.name}\n{frame.body}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()[:16]
