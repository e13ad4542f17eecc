"""What a prune would remove, and has removed, as people and programs read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from provisioner.images.prune import Going
from provisioner.report.bytes import human
from provisioner.report.columns import aligned, one_line, sentence
from provisioner.report.envelope import document
from provisioner.report.failure import failure_document
from provisioner.runs.image_prune import Looked, Pruned

_KINDS = {
    "container": "used by a container",
    "protected": "protected",
    "claimed": "claimed by others",
    "last": "among the last of their repository",
    "used": "used or got too lately",
    "parent": "below other images",
    "until": "built too lately",
    "label": "left out by their labels",
}
"""Why images stay, as far as that is worth a word; the others were not asked for."""

_TOLD = {"container", "protected", "claimed"}
_BASIS = "bytes are those of layers, each counted once, that no image is left to use; what a build cache holds stays"
_BASIS_CONTAINERD = (
    "in containerd's store bytes are those of the content, as docker counts them; unpacked layers go as well"
)
_ROUGH = "about: the engine does not tell the size of every layer that is shared"


def preview_text(looked: Sequence[Looked], *, width: int | None = None, unused: bool = False) -> str:
    """What would go: a table of one host, or of many with how many of them have it; then how much that is."""
    some = [row for row in looked if row.error is None]
    if not any(row.pruning.going for row in some):
        return "\n".join([sentence(f"nothing to remove{_on(some)}", width), *_stays(some, width)])
    lines = [_table(some[0], width) if len(some) == 1 else _grouped(some, width), ""]
    if len(some) > 1:
        rows = [(row.host, _images(len(row.pruning.going)), _bytes(sum(row.bytes), exact=row.exact)) for row in some]
        lines += [aligned([("HOST", "", "FREED"), *rows], right=2, width=width), ""]
    number = sum(len(row.pruning.going) for row in some)
    total = _bytes(sum(sum(row.bytes) for row in some), exact=all(row.exact for row in some))
    whole = f" ({sum(sum(row.bytes) for row in some)} bytes)"
    lines.append(sentence(f"{_images(number)}{_on(some)} would go, which frees {total}{whole}", width))
    lines += _stays(some, width)
    basis = [_BASIS] if any(not row.stock.containerd for row in some) else []
    basis += [_BASIS_CONTAINERD] if any(row.stock.containerd for row in some) else []
    basis += [] if all(row.exact for row in some) else [_ROUGH]
    basis += [_used(some)] if unused else []
    return "\n".join([*lines, *(sentence(line, width) for line in basis)])


def question_text(looked: Sequence[Looked]) -> str:
    """What is asked before anything goes."""
    some = [row for row in looked if row.pruning.going]
    number = sum(len(row.pruning.going) for row in some)
    failed = sum(row.error is not None for row in looked)
    left = f"; {failed} could not be asked and are left out" if failed else ""
    return f"{_images(number)} will be removed{_on(some)}{left}."


def result_text(pruned: Sequence[Pruned], *, width: int | None = None) -> str:
    """How much went, what was left alone in between, and where it is not what was shown."""
    lines = []
    for row in pruned:
        went = [gone for gone in row.images if gone.removed and gone.removed.status == 0]
        told = f"{row.host}: {_images(len(went))} removed, {_bytes(row.freed, exact=row.exact)} freed"
        if not row.left_alone and row.error is None and row.freed != sum(row.looked.bytes):
            told += f" where {human(sum(row.looked.bytes))} was expected: a build cache holds the rest, or it is shared"
        lines.append(sentence(told, width))
        lines += [sentence(f"  {one_line(gone.going.image.name)} stays: {gone.left}", width) for gone in row.left_alone]
    if len(pruned) > 1:
        total = sum(row.freed for row in pruned)
        lines.append(
            sentence(f"{_bytes(total, exact=all(row.exact for row in pruned))} freed on {len(pruned)} hosts", width)
        )
    return "\n".join(lines) or "nothing was removed"


def preview_document(looked: Sequence[Looked]) -> dict[str, Any]:
    """The JSON document of `image prune --plan`; its keys are a contract."""
    return document("image prune", run=None, hosts=[_looked(row) for row in looked])


def result_document(looked: Sequence[Looked], pruned: Sequence[Pruned], run: str | None) -> dict[str, Any]:
    """The JSON document of `image prune`: what was shown and what came of it; its keys are a contract."""
    after = {row.host: row for row in pruned}
    return document("image prune", run=run, hosts=[_looked(row) | _pruned(after.get(row.host)) for row in looked])


def _table(looked: Looked, width: int | None) -> str:
    rows = [("IMAGE", "WHY", "BUILT", "HERE SINCE", "FREED")]
    rows += [
        (going.image.name, _why(going), _day(going.image.created), _day(going.image.got), human(bytes_))
        for going, bytes_ in zip(looked.pruning.going, looked.bytes, strict=True)
    ]
    return aligned(rows, right=4, width=width, shorten=[1])


def _grouped(looked: Sequence[Looked], width: int | None) -> str:
    found: dict[tuple[str, str, str], tuple[set[str], list[datetime], int]] = {}
    for row in looked:
        for going, bytes_ in zip(row.pruning.going, row.bytes, strict=True):
            key = (going.image.name, _why(going), _day(going.image.created))
            hosts, got, total = found.get(key, (set(), [], 0))
            hosts.add(row.host)
            found[key] = (hosts, [*got, *([going.image.got] if going.image.got else [])], total + bytes_)
    rows = [("IMAGE", "WHY", "BUILT", "THERE SINCE", "FREED", "HOSTS")]
    for (name, why, built), (hosts, got, total) in sorted(found.items()):
        which = f"{len(hosts)} of {len(looked)}" if len(hosts) > 1 else next(iter(hosts))
        rows.append((name, why, built, _day(min(got, default=None)), human(total), which))
    return aligned(rows, right=4, width=width, shorten=[1])


def _stays(looked: Sequence[Looked], width: int | None) -> list[str]:
    counts = Counter(staying.kind for row in looked for staying in row.pruning.staying if staying.kind in _KINDS)
    if not counts:
        return []
    lines = [sentence("stay: " + ", ".join(f"{number} {_KINDS[kind]}" for kind, number in counts.items()), width)]
    if len(looked) == 1:
        stays = [row for row in looked[0].pruning.staying if row.kind in _TOLD]
        lines += [sentence(f"  {one_line(f'{row.image.name}: {row.why}')}", width) for row in stays]
    return lines


def _used(looked: Sequence[Looked]) -> str:
    events = sum(len(row.stock.uses) for row in looked)
    return (
        "use is what is known of it: containers that exist, when an image was pulled or tagged there, and the "
        f"{events} events that engines remember; a container that was removed before those has left no trace"
    )


def _looked(row: Looked) -> dict[str, Any]:
    return {
        "name": row.host,
        "store": "containerd" if row.stock.containerd else "graph driver",
        "going": [
            {**_image(going), "why": going.why, "held": going.held or None, "bytes": bytes_}
            for going, bytes_ in zip(row.pruning.going, row.bytes, strict=True)
        ],
        "staying": [
            {"id": staying.image.id, "names": list(staying.image.tags), "why": staying.why, "kind": staying.kind}
            for staying in row.pruning.staying
        ],
        "bytes": sum(row.bytes),
        "exact": row.exact,
        "error": failure_document(row.error),
    }


def _pruned(row: Pruned | None) -> dict[str, Any]:
    if row is None:
        return {"removed": [], "left": [], "freed": 0}
    return {
        "removed": [
            {"id": gone.going.image.id, "untagged": gone.removed.untagged, "deleted": gone.removed.deleted}
            for gone in row.images
            if gone.removed and gone.removed.text
        ],
        "left": [{"id": gone.going.image.id, "why": gone.left} for gone in row.left_alone],
        "freed": row.freed,
        "error": failure_document(row.error),
    }


def _image(going: Going) -> dict[str, Any]:
    image = going.image
    return {
        "id": image.id,
        "names": [*image.tags, *image.digests],
        "built": image.created.isoformat() if image.created else None,
        "got": image.got.isoformat() if image.got else None,
        "size": image.size,
    }


def _why(going: Going) -> str:
    return f"{going.why}; only the name goes: {going.held}" if going.held else going.why


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M}" if moment else "unknown"


def _images(number: int) -> str:
    return f"{number} image{'' if number == 1 else 's'}"


def _on(looked: Sequence[Looked]) -> str:
    return f" on {looked[0].host}" if len(looked) == 1 else f" on {len(looked)} hosts"


def _bytes(number: int, *, exact: bool) -> str:
    return human(number) if exact else f"about {human(number)}"
