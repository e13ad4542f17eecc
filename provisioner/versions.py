"""Versions of the engine as people write them and as packages carry them."""

from __future__ import annotations

import re
from collections.abc import Iterable


def upstream(version: str) -> str:
    """`5:26.1.5-1~debian.13~trixie`, `3:26.1.5-1.el9`, `5:20.10.24~3-0~…` -> the engine's own version."""
    bare = version.partition(":")[2] or version
    match = re.match(r"\d+(\.\d+)*", bare)
    return match.group() if match else bare


def order(version: str) -> tuple[tuple[int, ...], bool, tuple[int, ...]]:
    """Sort key: upstream version, releases after their candidates, then the package's revision."""
    bare = version.partition(":")[2] or version
    numbers = tuple(int(part) for part in upstream(version).split(".") if part.isdigit())
    return numbers, not re.search(r"(rc|beta|tp)", bare), tuple(map(int, re.findall(r"\d+", bare)))


def satisfies(version: str, wanted: str | None) -> bool:
    """28 means any 28.x, 28.3 any 28.3.x, 28.3.1 exactly that; None and latest anything."""
    if wanted in {None, "latest"}:
        return True
    have, want = upstream(version).split("."), (wanted or "").split(".")
    return have[: len(want)] == want


def newest(versions: Iterable[str], wanted: str | None = None) -> str | None:
    """Return the newest of `versions` that `wanted` allows; release candidates only when nothing else does."""
    return max(
        (version for version in versions if satisfies(version, wanted)),
        key=lambda v: (order(v)[1], order(v)),
        default=None,
    )
