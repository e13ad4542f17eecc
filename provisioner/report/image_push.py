"""Deliveries of images as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.report.columns import aligned
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document
from provisioner.runs.image_push import Delivered
from provisioner.runs.outcome import status_of


def delivered_document(command: str, rows: Sequence[Delivered]) -> dict[str, Any]:
    """The JSON document of `image push` and `image load`; `sent` are the digests of layers that travelled."""
    return document(
        command,
        status=overall([row.error is None for row in rows]),
        hosts=[
            {
                "name": row.host,
                "status": status_of(row.error) if row.error else "changed",
                "sent": [f"sha256:{digest}" for digest in row.sent],
                "there": row.there,
                "kept": row.kept,
                "bytes": row.bytes,
                "said": row.said,
                "error": failure_document(row.error),
                "seconds": round(row.seconds, 3),
            }
            for row in rows
        ],
    )


def delivered_text(rows: Sequence[Delivered], *, width: int | None = None) -> str:
    """A line for each host: layers that travelled, that an earlier run had sent, and that were there."""
    table = [("HOST", "SENT", "SENT BEFORE", "THERE", "BYTES", "")]
    table += [
        (row.host, str(len(row.sent)), str(row.kept), str(row.there), str(row.bytes), "; ".join(row.said.split("\n")))
        for row in rows
    ]
    return aligned(table, width=width, wrap=5)
