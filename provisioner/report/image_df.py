"""What engines keep on their disks, as people and programs read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from provisioner.images.usage import KINDS, ImageSize, Taken, Usage, total
from provisioner.report.columns import aligned, sentence
from provisioner.report.envelope import document
from provisioner.report.failure import failure_document
from provisioner.runs.image_df import Disk

WHY = (
    "SIZE counts every layer of an image: those that images share are there once, and in a registry all are compressed"
)
"""Why sizes of images make more together than they take."""


def df_document(disks: Sequence[Disk]) -> dict[str, Any]:
    """The JSON document of `image df`, in bytes; `exact` is false where an engine's client has rounded them."""
    return document(
        "image df",
        hosts=[_host(disk) for disk in disks],
        sum=_all(total(disk.usage for disk in disks if disk.usage)),
    )


def df_text(disks: Sequence[Disk], *, width: int | None = None) -> str:
    """A table of hosts and their sum: what is there, and in brackets what of it could go."""
    found = [(disk.host, disk.usage) for disk in disks if disk.usage]
    rows = [("HOST", *(kind.upper().replace("_", " ") for kind in KINDS), "TOGETHER")]
    rows += [(host, *_cells(usage.taken, usage.exact)) for host, usage in found]
    if len(found) > 1:
        exact = all(usage.exact for _, usage in found)
        rows.append((f"{len(found)} hosts", *_cells(total(usage for _, usage in found), exact)))
    end = ["size (reclaimable)"]
    if not all(usage.exact for _, usage in found):
        end.append("~ from rounded sizes: nothing on that host can ask the engine itself")
    return "\n".join(
        [
            aligned(rows, width=width),
            "",
            sentence("; ".join(end), width),
            *_virtual([usage for _, usage in found], width),
        ]
    )


def size_text(size: int) -> str:
    """A size as Docker's client writes it: four digits, powers of 1000."""
    number, units = float(size), ["B", "kB", "MB", "GB", "TB", "PB"]
    while number >= 1000 and len(units) > 1:
        number /= 1000
        units.pop(0)
    return f"{number:.4g}{units[0]}"


def _virtual(usages: Sequence[Usage], width: int | None) -> list[str]:
    """Why images have another size each for itself than together."""
    known = [usage for usage in usages if usage.exact]
    virtual, real = sum(usage.virtual for usage in known), sum(usage.taken["images"].size for usage in known)
    if virtual <= real:
        return []
    why = "layers that they share are there once, and in a registry all are compressed"
    said = [f"one by one images have {size_text(virtual)}, and together they take {size_text(real)}: {why}"]
    both = [image for usage in known for image in usage.images if image.content is not None]
    if both:
        content, unpacked = sum(image.content or 0 for image in both), sum(image.unpacked or 0 for image in both)
        said.append(
            f"the containerd store keeps them as they came ({size_text(content)}) and unpacked ({size_text(unpacked)})"
        )
    return [sentence("; ".join(said), width)]


def _cells(taken: Mapping[str, Taken], exact: bool) -> list[str]:  # noqa: FBT001 # how a size is known
    rows = [taken.get(kind, Taken()) for kind in KINDS]
    mark = "" if exact else "~"
    return [f"{mark}{size_text(row.size)} ({size_text(row.reclaimable)})" for row in [*rows, sum(rows, Taken())]]


def _host(disk: Disk) -> dict[str, Any]:
    usage = disk.usage
    return {
        "name": disk.host,
        **_all(usage.taken if usage else {}),
        "exact": usage.exact if usage else None,
        "virtual_size": usage.virtual if usage and usage.exact else None,
        "image_list": [_image(image) for image in usage.images] if usage else [],
        "error": failure_document(disk.error),
    }


def _image(image: ImageSize) -> dict[str, Any]:
    return {**asdict(image), "names": list(image.names), "unique": image.unique}


def _all(taken: Mapping[str, Taken]) -> dict[str, Any]:
    return {kind: asdict(taken[kind]) if kind in taken else None for kind in KINDS}
