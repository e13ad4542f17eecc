"""How much YAML of a host is read: a cluster is told of its mirrors in a few kB."""

from __future__ import annotations

import re

from provisioner.host_files.tables import UnreadableError

LARGEST, DEEPEST = 256 * 1024, 40
_BRACKETS = re.compile(r"[][{}]")


def refuse_what_takes_for_ever(text: str) -> None:
    """Refuse a text that one host could hold up a fleet with: the parser's time grows with the square of its depth.

    Raises:
        UnreadableError: it is too long, or nested too deep in brackets.
    """
    if len(text) > LARGEST:
        raise UnreadableError(f"is larger than {LARGEST // 1024} KiB")
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise UnreadableError("is nested too deep")
