"""The end of a command: its result on stdout, the report page, the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from provisioner.cli.options import Output, ReportedOutput
from provisioner.errors import ProvisionerError
from provisioner.report import gate
from provisioner.report.failure import failures_text
from provisioner.report.json_text import json_text
from provisioner.report.rendered import rendered
from provisioner.report.terminal import terminal_width
from provisioner.runs.fleet import worst

if TYPE_CHECKING:
    from provisioner.report.report_file import ReportFile
    from provisioner.runs.outcome import Outcome


class Row(Protocol):
    """The result of one host: its error, or anything else."""

    @property
    def host(self) -> str: ...
    @property
    def error(self) -> ProvisionerError | None: ...
    @property
    def exit_code(self) -> int: ...


RowT = TypeVar("RowT", bound=Row)
Document = Callable[[Sequence[RowT]], dict[str, Any]]
Failed = Callable[[str, ProvisionerError], RowT]
Piece = tuple[Callable[[str], None], str]
"""A text, and the way out of it."""


def answers(
    rows: Sequence[RowT],
    output: Output,
    *,
    document: Document[RowT],
    text: Callable[[Sequence[RowT]], str],
    failed: Failed[RowT],
) -> int:
    """Print the `text` about the hosts that answered, then the errors of the others on stderr; return the worst exit
    code.
    """

    def render(some: Sequence[RowT]) -> list[Piece]:
        if output.as_json:
            return [(gate.exact, json_text(document(some)))]
        answered = [row for row in some if row.error is None]
        wrong = [(row.host, row.error) for row in some if row.error is not None]
        said = text(answered) if answered else ""
        pieces: list[Piece] = [(gate.result, said)] if said else []
        return [*pieces, (gate.remark, failures_text(wrong, terminal_width("stderr")))] if wrong else pieces

    return worst(row.exit_code for row in _printed(rows, render, lambda row, error: failed(row.host, error)))


def table(
    rows: Sequence[RowT],
    output: Output,
    *,
    document: Document[RowT],
    text: Callable[[Sequence[RowT]], str],
    failed: Failed[RowT],
) -> list[RowT]:
    """Print one `text` about all hosts; return the rows that it shows."""

    def render(some: Sequence[RowT]) -> list[Piece]:
        if output.as_json:
            return [(gate.exact, json_text(document(some)))]
        return [(gate.result, text(some))] if some else []

    return _printed(rows, render, lambda row, error: failed(row.host, error))


def report_file(output: Output) -> ReportFile:
    """Raises UsageError when --report cannot be written; no host has been contacted."""
    from provisioner.report.report_file import ReportFile

    return ReportFile(output.report if isinstance(output, ReportedOutput) else None)


def finish(
    command: str,
    outcomes: Sequence[Outcome],
    output: Output,
    *,
    report: ReportFile,
    run: str | None = None,
    plans: bool = False,
    difference: bool = False,
    lines: bool = False,
) -> int:
    """Print the result, write the report, return the exit code.

    With `plans`, plans are the result. With `difference`, a host that would change makes that 9. With `lines`, -q
    leaves a line a host.
    """
    from provisioner.report.envelope import envelope
    from provisioner.report.paint import paint_for
    from provisioner.report.plans import planned_text
    from provisioner.report.table import lines_text, outcomes_text
    from provisioner.runs.crash import stand_in
    from provisioner.runs.outcome import Outcome
    from provisioner.runs.survey import exit_code

    paint = paint_for("stdout", no_color=output.no_color)
    width = terminal_width()

    def render(some: Sequence[Outcome]) -> list[Piece]:
        if output.as_json:
            return [(gate.exact, json_text(envelope(command, some, run=run, plans=plans)))]
        if not some:
            return []
        if plans:
            return [(gate.result, planned_text(some, script=output.verbose, width=width, paint=paint))]
        if lines and output.quiet:
            return [(gate.result, lines_text(some, paint=paint))]
        return [(gate.result, outcomes_text(some, width=width, paint=paint))]

    shown = _printed(outcomes, render, lambda outcome, error: stand_in(Outcome(outcome.host, "failed"), error))
    report.write(command, shown, run)
    return exit_code(shown, difference=difference)


def _printed(
    rows: Sequence[RowT],
    render: Callable[[Sequence[RowT]], list[Piece]],
    failed: Callable[[RowT, ProvisionerError], RowT],
) -> list[RowT]:
    shown, pieces = rendered(rows, render, host=lambda row: row.host, failed=failed)
    for tell, text in pieces:
        tell(text)
    return shown
