"""What is the same for many hosts is said once."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from provisioner.report.cells import wrapped

Member = TypeVar("Member")
WIDEST = 100
"""Characters in which text is still easy to read."""


def grouped(members: Iterable[Member], key: Callable[[Member], Hashable]) -> list[list[Member]]:
    """Members with the same key together, in the order in which the keys first appear."""
    groups: dict[Hashable, list[Member]] = {}
    for member in members:
        groups.setdefault(key(member), []).append(member)
    return list(groups.values())


def without_name(host: str, text: str) -> str:
    """`text` with a gap where it names the host itself: what two hosts say alike is the same then."""
    return re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", "\0", text)


def names(hosts: Sequence[str], indent: str = "  ", *, width: int = WIDEST) -> str:
    """Host names, wrapped."""
    return "\n".join(indent + line for line in wrapped(" ".join(hosts), width - len(indent)))
