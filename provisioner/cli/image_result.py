"""What hosts print themselves, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from provisioner.errors import ProvisionerError
from provisioner.report import gate
from provisioner.report.failure import failures_text
from provisioner.report.terminal import terminal_width
from provisioner.runs.fleet import worst


class Told(Protocol):
    """What one host printed and, apart, what its client said besides; or why nothing."""

    @property
    def host(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def said(self) -> str: ...
    @property
    def error(self) -> ProvisionerError | None: ...
    @property
    def exit_code(self) -> int: ...


def one_after_another(listed: Sequence[Told], *, headed: bool) -> int:
    """Print what every host said, to the byte; of several, each below its name where `headed`; return the exit code."""
    for row in listed:
        if row.error:
            gate.remark(failures_text([(row.host, row.error)], terminal_width("stderr")))
            continue
        if row.said:
            gate.remark(f"{row.host}: {row.said}")
        if headed and len(listed) > 1:
            gate.result(f"== {row.host}")
        gate.exact(row.text, end="")
    return worst(row.exit_code for row in listed)
