"""What was removed of images, as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.report.columns import one_line
from provisioner.report.envelope import document
from provisioner.report.failure import failure_document
from provisioner.runs.image_rm import RemovedImages


def removed_text(row: RemovedImages) -> str:
    """The lines of docker itself: Untagged and Deleted."""
    return "".join(answer.text for answer in row.answers)


def left_lines(row: RemovedImages) -> list[str]:
    """What is still there although nothing went wrong, and what docker says besides."""
    fine = {answer.reference for answer in row.answers if answer.status == 0}
    lines = [f"{left.reference}: {left.image.short} stays: {left.why}" for left in row.left if left.reference in fine]
    return [one_line(line) for line in [*lines, *(a.said for a in row.answers if a.status == 0 and a.said)]]


def removed_document(rows: Sequence[RemovedImages], run: str | None = None) -> dict[str, Any]:
    """The JSON document of `image rm`; its keys are a contract."""
    return document("image rm", run=run, hosts=[_host(row) for row in rows])


def _host(row: RemovedImages) -> dict[str, Any]:
    return {
        "name": row.host,
        "images": [
            {
                "reference": answer.reference,
                "untagged": list(answer.untagged),
                "deleted": list(answer.deleted),
                "said": answer.said,
            }
            for answer in row.answers
        ],
        "stays": [{"reference": left.reference, "id": left.image.id, "why": left.why} for left in row.left],
        "error": failure_document(row.error),
    }
