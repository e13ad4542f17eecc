"""Columns for a terminal, and nothing to parse: programs read --json."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.report.table import padded


def aligned(rows: Sequence[Sequence[str]], indent: str = "", *, right: int = -1) -> str:
    """Return `rows` as lines with every column as wide as its widest cell; column `right` is flush right."""
    return "\n".join(indent + "  ".join(cells).rstrip() for cells in padded(rows, right=right))
