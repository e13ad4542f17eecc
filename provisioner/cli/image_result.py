"""What hosts print themselves, one after another."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.report import gate
from provisioner.report.failure import failure_text
from provisioner.runs.fleet import worst
from provisioner.runs.images import Listed


def one_after_another(listed: Sequence[Listed], *, headed: bool) -> int:
    """Print what every host said, to the byte; of several, each below its name where `headed`; return the exit code."""
    for row in listed:
        if row.error:
            gate.remark(failure_text(row.host, row.error))
            continue
        if row.said:
            gate.remark(f"{row.host}: {row.said}")
        if headed and len(listed) > 1:
            gate.result(f"== {row.host}")
        gate.exact(row.text, end="")
    return worst(row.exit_code for row in listed)
