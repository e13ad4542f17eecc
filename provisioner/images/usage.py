"""What images, containers, volumes and the build cache of an engine take, in bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.errors import FactsError
from provisioner.host_files.lines import lines
from provisioner.images.listing import NONE, json_value

KINDS = ("images", "containers", "volumes", "build_cache")

_MOST = 10**18
_RUNS = {"running", "paused", "restarting"}
_CLIENT = {"Images": "images", "Containers": "containers", "Local Volumes": "volumes", "Build Cache": "build_cache"}
_POWERS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5}


@dataclass(frozen=True, slots=True)
class Taken:
    """A line of `docker system df`; sizes are bytes, `active` are those in use."""

    count: int = 0
    active: int = 0
    size: int = 0
    reclaimable: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.count + other.count,
            self.active + other.active,
            self.size + other.size,
            self.reclaimable + other.reclaimable,
        )


@dataclass(frozen=True, slots=True)
class ImageSize:
    """An image with its bytes: of all it has, of what others have as well, and of what is its own.

    `content` is what came from a registry, compressed, and `unpacked` what containers see; both are None in stores
    other than containerd's, which keep the latter alone.
    """

    id: str
    names: tuple[str, ...]
    containers: int
    size: int
    shared: int
    content: int | None = None
    unpacked: int | None = None

    @property
    def unique(self) -> int:
        return max(0, self.size - self.shared)


@dataclass(frozen=True, slots=True)
class Usage:
    """`taken` by kind. `exact` is false where an engine's client has rounded, and then no image is known."""

    taken: Mapping[str, Taken]
    images: tuple[ImageSize, ...] = ()
    exact: bool = True

    @property
    def virtual(self) -> int:
        """Bytes of all images when each is counted with every layer that it has."""
        return sum(image.size for image in self.images)


def usage(text: str, manifests: str = "") -> Usage:
    """Read the engine's answer to GET /system/df, and that to GET /images/json?manifests=1 where there is one.

    Sums are made as Docker's client makes them (cli/command/formatter/disk_usage.go).

    Raises:
        FactsError: it is something else.
    """
    found = json_value(text)
    try:
        apart = _apart(json_value(manifests)) if manifests.strip() else {}
        images = tuple(_image(row, apart) for row in found.get("Images") or ())
        used = sum(image.unique for image in images if image.containers)
        whole = _number(found.get("LayersSize"))
        return Usage(
            {
                "images": Taken(
                    len(images), sum(image.containers > 0 for image in images), whole, max(0, whole - used)
                ),
                "containers": _taken(found.get("Containers"), _written, lambda row: row.get("State") in _RUNS),
                "volumes": _taken(found.get("Volumes"), _kept, lambda row: _of_volume(row, "RefCount") > 0),
                "build_cache": _taken(found.get("BuildCache"), _cached, lambda row: bool(row.get("InUse"))),
            },
            images,
        )
    except (AttributeError, TypeError, ValueError, OverflowError) as cause:
        raise FactsError("the engine does not say in its usual way what takes its disk") from cause


def rounded(text: str) -> Usage:
    """Read what `docker system df --format '{{json .}}'` printed; sizes have four digits there.

    Raises:
        FactsError: it is something else.
    """
    taken = {}
    for line in lines(text):
        row = json_value(line)
        try:
            taken[_CLIENT[row["Type"]]] = Taken(
                int(row["TotalCount"]), int(row["Active"]), size_of(row["Size"]), size_of(row["Reclaimable"])
            )
        except (KeyError, TypeError, ValueError) as cause:
            raise FactsError(f"docker system df printed {line[:200]!r}") from cause
    return Usage(taken, exact=False)


def size_of(text: str) -> int:
    """Bytes of a size as Docker's client writes it, such as `1.98MB (50%)`.

    Raises:
        ValueError: it is none.
    """
    match = re.match(r"(\d{1,4}(?:\.\d{1,4})?)([kMGTP]?)B(?: \(\d+%\))?$", text)
    if match is None:
        raise ValueError(text)
    return round(float(match[1]) * 1000.0 ** _POWERS[match[2]])


def total(usages: Iterable[Usage]) -> dict[str, Taken]:
    """The sum over hosts, by kind."""
    found = list(usages)
    return {kind: sum((use.taken.get(kind, Taken()) for use in found), Taken()) for kind in KINDS}


def _taken(rows: Any, size: Callable[[Any], int], active: Callable[[Any], bool]) -> Taken:
    found = [(size(row), active(row)) for row in rows or ()]
    return Taken(
        len(found),
        sum(in_use for _, in_use in found),
        sum(size for size, _ in found),
        sum(size for size, in_use in found if not in_use),
    )


def _written(row: Mapping[str, Any]) -> int:
    return _number(row.get("SizeRw"))


def _of_volume(row: Mapping[str, Any], what: str) -> int:
    """An engine says -1 of what it does not know."""
    return max(0, _number((row.get("UsageData") or {}).get(what)))


def _kept(row: Mapping[str, Any]) -> int:
    return _of_volume(row, "Size")


def _cached(row: Mapping[str, Any]) -> int:
    return 0 if row.get("Shared") else _number(row.get("Size"))


def _image(row: Mapping[str, Any], apart: Mapping[str, tuple[int, int]]) -> ImageSize:
    content, unpacked = apart.get(str(row["Id"]), (None, None))
    return ImageSize(
        id=str(row["Id"]),
        names=tuple(str(name) for name in row.get("RepoTags") or () if not str(name).startswith(NONE)),
        containers=max(0, _number(row.get("Containers"))),
        size=_number(row.get("Size")),
        shared=max(0, _number(row.get("SharedSize"))),
        content=content,
        unpacked=unpacked,
    )


def _apart(rows: Any) -> dict[str, tuple[int, int]]:
    """(content, unpacked) by id; of every platform that is here."""
    found = {}
    for row in rows:
        here = [manifest for manifest in row.get("Manifests") or () if manifest.get("Available")]
        content = sum(_number(manifest["Size"]["Content"]) for manifest in here)
        images = [manifest.get("ImageData") or {} for manifest in here]
        found[str(row["Id"])] = (content, sum(_number((image.get("Size") or {}).get("Unpacked")) for image in images))
    return found


def _number(value: Any) -> int:
    """A number of bytes or of things; None is none of them.

    Raises:
        TypeError, ValueError, OverflowError: it is none that a host can mean.
    """
    number = int(value or 0)
    if abs(number) > _MOST:
        raise ValueError(f"{number:.3g}")
    return number
