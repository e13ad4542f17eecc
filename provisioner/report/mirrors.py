"""Mirrors as hosts see them, for people and for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from provisioner.mirror_probe.judge import Judged
from provisioner.report.columns import aligned
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document, failure_text
from provisioner.runs.mirrors import View, exit_code


def views_document(seen: Sequence[View], *, every: bool) -> dict[str, Any]:
    """The JSON document of `mirror probe`; its keys are a contract. ok: `every` mirror can be used, or one can."""
    return document("mirror probe", status=overall([exit_code(seen, every=every) == 0]), hosts=list(map(_host, seen)))


def views_text(seen: Sequence[View]) -> str:
    """The mirrors as each host sees them."""
    return "\n".join(map(view_text, seen))


def view_text(view: View) -> str:
    """The mirrors as one host sees them."""
    if view.error:
        return failure_text(view.host, view.error)
    rows = [("VERDICT", "FIRST BYTE", "MIB/S", "MIRROR", "EVIDENCE"), *map(_row, view.mirrors)]
    tool = view.mirrors[0].tool if view.mirrors else ""
    return f"{view.host}" + (f" (asked with {tool})" if tool != "none" else "") + f"\n{aligned(rows, '  ')}"


def _row(mirror: Judged) -> tuple[str, ...]:
    return (
        mirror.verdict,
        f"{mirror.first_byte * 1000:.0f} ms" if mirror.first_byte else "-",
        f"{mirror.throughput / 2**20:.1f}" if mirror.throughput else "-",
        mirror.url,
        "; ".join([mirror.evidence, *(f"{name} {why}" for name, why in mirror.missing.items())]),
    )


def _host(view: View) -> dict[str, Any]:
    mirrors = [dataclasses.asdict(mirror) | {"usable": mirror.usable} for mirror in view.mirrors]
    return {"name": view.host, "mirrors": mirrors, "error": failure_document(view.error)}
