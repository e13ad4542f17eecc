"""Images as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.images.spread import Spread, spreads
from provisioner.report.columns import aligned, sentence
from provisioner.report.envelope import document
from provisioner.report.failure import failure_document
from provisioner.runs.images import Listed

COLUMNS = 6
"""Hosts that have a column of their own; more are counted."""


def images_document(listed: Sequence[Listed]) -> dict[str, Any]:
    """The JSON document of `image ls`: an object for each line, with bytes and dates; sizes are those of the host."""
    return document(
        "image ls", hosts=[_host(row) for row in listed], differences=[_difference(s) for s in _all(listed)]
    )


def matrix_text(listed: Sequence[Listed], *, names: Sequence[str] = (), width: int | None = None) -> str:
    """Images by name, and which hosts have them: the same digits are the same image; what differs is marked.

    `names` are those that were asked for.
    """
    hosts = [row.host for row in listed]
    found = _all(listed)
    if not found:
        return sentence(f"no image {' or '.join(names) or 'with a name'} on {_hosts(len(hosts))}", width)
    differ = sum(spread.differs for spread in found)
    lacking = sum(len(spread.copies) < len(hosts) for spread in found)
    end = [f"{len(found)} image{'s' * (len(found) != 1)} on {_hosts(len(hosts))}"]
    end += [f"{differ} not the same everywhere"] if differ else []
    end += [f"{lacking} missing on some"] if lacking else []
    if any(spread.differs and not spread.certain for spread in found):
        end.append("? was built or loaded on a host, so that no digest tells whether it is the same")
    table = _columns(found, hosts, width) if len(hosts) <= COLUMNS else _counted(found, hosts, width)
    return f"{table}\n\n{sentence('; '.join(end), width)}"


def _columns(found: Sequence[Spread], hosts: Sequence[str], width: int | None) -> str:
    rows = [("IMAGE", "", *hosts)]
    rows += [
        (spread.name, _mark(spread), *(spread.copies[host].told if host in spread.copies else "-" for host in hosts))
        for spread in found
    ]
    return aligned(rows, width=width, shorten=[0])


def _counted(found: Sequence[Spread], hosts: Sequence[str], width: int | None) -> str:
    rows = [("IMAGE", "", "DIGEST", "HOSTS")]
    for spread in found:
        for number, group in enumerate(spread.groups):
            told = spread.copies[group[0]].told
            which = f"{len(group)} of {len(hosts)}"
            if number:
                which += ": " + " ".join(group)
            rows.append((spread.name if number == 0 else "", _mark(spread) if number == 0 else "", told, which))
        lacking = [host for host in hosts if host not in spread.copies]
        if lacking:
            rows.append(("", "", "-", f"missing on {len(lacking)}: {' '.join(lacking)}"))
    return aligned(rows, width=width, wrap=3)


def _hosts(number: int) -> str:
    return f"{number} host{'s' * (number != 1)}"


def _mark(spread: Spread) -> str:
    return "" if not spread.differs else "differs" if spread.certain else "?"


def _all(listed: Sequence[Listed]) -> list[Spread]:
    return spreads({row.host: (row.rows, row.images) for row in listed if row.error is None})


def _host(listed: Listed) -> dict[str, Any]:
    return {
        "name": listed.host,
        "images": [
            {
                "repository": row.repository,
                "tag": row.tag,
                "digest": row.digest,
                "id": row.id,
                "size": image.size if (image := listed.images.get(row.id)) else None,
                "created": image.created.isoformat() if image and image.created else None,
                "platform": image.platform if image else None,
            }
            for row in listed.rows
        ],
        "error": failure_document(listed.error),
    }


def _difference(spread: Spread) -> dict[str, Any]:
    return {
        "name": spread.name,
        "same": not spread.differs,
        "certain": spread.certain,
        "groups": [
            {"hosts": list(group), "digests": sorted(spread.copies[group[0]].digests), "id": spread.copies[group[0]].id}
            for group in spread.groups
        ],
    }
