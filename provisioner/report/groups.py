"""What is the same for many hosts is said once."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

Member = TypeVar("Member")


def grouped(members: Iterable[Member], key: Callable[[Member], Hashable]) -> list[list[Member]]:
    """Members with the same key together, in the order in which the keys first appear."""
    groups: dict[Hashable, list[Member]] = {}
    for member in members:
        groups.setdefault(key(member), []).append(member)
    return list(groups.values())


def names(hosts: Sequence[str], indent: str = "  ") -> str:
    """Host names, wrapped."""
    return textwrap.fill(
        " ".join(hosts),
        width=100,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
