"""What is the same for many hosts is said once."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from provisioner.report.cells import wrapped

Member = TypeVar("Member")
_ADDRESS = re.compile(
    r"^( *(?:the name )?)\S+ (?=port \d+: |refuses connections to port \d|does not resolve)", re.MULTILINE
)
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
    return re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", "\0", without_address(text))


def names_host(host: str, text: str) -> bool:
    """Whether `text` has the name of the host in it."""
    return "\0" in without_name(host, text)


def without_address(text: str) -> str:
    """`text` without the address at which nobody was reached: many hosts behind one dead line say the same then."""
    return _ADDRESS.sub(r"\1", text)


def names(hosts: Sequence[str], indent: str = "  ", *, width: int = WIDEST) -> str:
    """Host names, wrapped."""
    return "\n".join(indent + line for line in wrapped(" ".join(hosts), width - len(indent)))
