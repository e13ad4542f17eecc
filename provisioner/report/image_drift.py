"""Images that are no longer what their names mean, as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from provisioner.images.spread import Spread
from provisioner.report.columns import aligned, one_line, sentence
from provisioner.report.envelope import document
from provisioner.report.failure import failure_document
from provisioner.runs.image_drift import Drift


def drift_document(drifts: Sequence[Drift], differing: Sequence[Spread]) -> dict[str, Any]:
    """The JSON document of `image drift`; `status` is ok, drift or failed."""
    return document(
        "image drift",
        hosts=[_host(drift) for drift in drifts],
        differences=[
            {
                "name": spread.name,
                "certain": spread.certain,
                "groups": [
                    {"hosts": list(group), "digests": sorted(spread.copies[group[0]].digests)}
                    for group in spread.groups
                ],
            }
            for spread in differing
        ],
    )


def drift_text(drifts: Sequence[Drift], differing: Sequence[Spread], *, width: int | None = None) -> str:
    """A line for each difference, and what could not be compared."""
    rows = [(drift.host, *row) for drift in drifts for row in _rows(drift)]
    drifted = sum(drift.drifted for drift in drifts)
    end = f"{len(drifts)} host{'s' * (len(drifts) != 1)}, {drifted} with drift" if drifted else "no drift"
    lines = [aligned([("HOST", "IMAGE", "WHAT"), *rows], width=width, wrap=2), ""] if rows else []
    unsure = [spread.name for spread in differing if not spread.certain]
    if unsure:
        end += f"; built or loaded on a host, so that no digest tells whether they are the same: {' '.join(unsure)}"
    lines.append(sentence(end, width))
    lines += [sentence(said, width) for said in _untold(drifts)]
    return "\n".join(lines)


def drift_lines(drifts: Sequence[Drift]) -> str:
    """A line for each host with drift, and for what could not be compared; for mail and logs."""
    lines = [
        f"{drift.host}: " + "; ".join(f"{one_line(name)} {one_line(what)}" for name, what in _rows(drift))
        for drift in drifts
        if drift.drifted
    ]
    return "\n".join([*lines, *_untold(drifts)])


def _untold(drifts: Sequence[Drift]) -> list[str]:
    hosts: dict[tuple[str, str], list[str]] = {}
    for drift in drifts:
        for row in drift.untold:
            hosts.setdefault((row.name, row.said), []).append(drift.host)
    return [
        f"{name} was not compared with a registry on {', '.join(where)}: {one_line(said)}"
        for (name, said), where in hosts.items()
    ]


def _rows(drift: Drift) -> Iterator[tuple[str, str]]:
    for row in drift.stale:
        now = f"the name is {_short(row.now)} now" if row.now else "nothing has that name now"
        yield row.name, f"container {row.container.name} runs {_short(row.container.image)}, {now}"
    for spread in drift.others:
        most = spread.groups[0]
        where = most[0] if len(most) == 1 else f"{len(most)} hosts"
        yield spread.name, f"{spread.copies[drift.host].told} here, {spread.copies[most[0]].told} on {where}"
    for upstream in drift.outdated:
        yield upstream.name, f"{upstream.copy.told} here, {_short(upstream.digest)} in the registry"


def _short(id_: str) -> str:
    return id_.removeprefix("sha256:")[:12]


def _host(drift: Drift) -> dict[str, Any]:
    return {
        "name": drift.host,
        "status": "failed" if drift.error else "drift" if drift.drifted else "ok",
        "containers": [
            {
                "name": row.container.name,
                "image": row.name,
                "runs": row.container.image,
                "now": row.now or None,
            }
            for row in drift.stale
        ],
        "differs": [spread.name for spread in drift.others],
        "upstream": [
            {
                "name": row.name,
                "digests": sorted(row.copy.digests),
                "registry": row.digest or None,
                "from": row.came_from or None,
                "current": row.current if row.digest else None,
                "said": row.said or None,
            }
            for row in drift.upstream
        ],
        "error": failure_document(drift.error),
    }
