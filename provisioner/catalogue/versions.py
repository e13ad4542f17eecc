"""Versions of the engine as people write them and as packages carry them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_UPSTREAM = re.compile(r"(?P<numbers>\d+(?:\.\d+)*)(?:[-~.]?(?P<candidate>(?:rc|beta|tp|alpha)[.\d]*\d))?")


def upstream(version: str) -> str:
    """The engine's own version, without a candidate's suffix.

    `5:26.1.5-1~debian.13~trixie`, `3:26.1.5-1.el9`, `18.06.3~ce~3-0~ubuntu`, `20.10.24+dfsg1-1` -> `26.1.5`, ...
    """
    match = _UPSTREAM.match(_bare(version))
    return match["numbers"] if match else _bare(version)


def order(version: str) -> tuple[tuple[int, ...], bool, tuple[int, ...]]:
    """Sort key: upstream version, releases after their candidates, then the package's revision."""
    return _numbers(version), not candidate(version), tuple(map(int, re.findall(r"\d+", _bare(version))))


def candidate(version: str) -> str:
    """`29.0.0~rc.1-1`, `29.0.0-rc.1` -> `rc.1`; "" for a release."""
    match = _UPSTREAM.match(_bare(version))
    return (match["candidate"] or "") if match else ""


def satisfies(version: str, wanted: str | None) -> bool:
    """28 means any 28.x, 28.3 any 28.3.x, 28.3.1 exactly that (never 28.3.17); None and latest anything.

    A candidate is meant only when it is written out, as 29.0.0-rc.1, or when nothing else is asked for.
    """
    if wanted in {None, "latest"}:
        return True
    have, want = _numbers(version), _numbers(wanted or "")
    if candidate(wanted or ""):
        return have == want and candidate(version) == candidate(wanted or "")
    return have[: len(want)] == want and (len(want) < 3 or not candidate(version))


def newest(versions: Iterable[str], wanted: str | None = None) -> str | None:
    """Return the newest of `versions` that `wanted` allows; release candidates only when nothing else does."""
    return max(
        (version for version in versions if satisfies(version, wanted)),
        key=lambda v: (order(v)[1], order(v)),
        default=None,
    )


def newer(wanted: str, limit: str) -> bool:
    """True when every version that `wanted` allows is newer than `limit`: 27 and 26.2 than 26.1.4, 26 is not."""
    want = _numbers(wanted)
    return bool(want) and want > _numbers(limit)[: len(want)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in upstream(version).split(".") if part.isdigit())


def _bare(version: str) -> str:
    """Without the epoch."""
    return version.partition(":")[2] or version
