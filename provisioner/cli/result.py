"""The end of a command: its result on stdout, the report page, the exit code."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from provisioner.cli.options import Output, ReportedOutput
from provisioner.errors import ProvisionerError
from provisioner.report import gate
from provisioner.report.envelope import envelope
from provisioner.report.failure import failure_text
from provisioner.report.paint import paint_for
from provisioner.report.plans import planned_text
from provisioner.report.report_file import ReportFile
from provisioner.report.table import outcomes_text
from provisioner.runs.fleet import worst
from provisioner.runs.outcome import Outcome
from provisioner.runs.survey import exit_code


class Answer(Protocol):
    """What one host said, or why it said nothing."""

    @property
    def host(self) -> str: ...
    @property
    def error(self) -> ProvisionerError | None: ...
    @property
    def exit_code(self) -> int: ...


AnswerT = TypeVar("AnswerT", bound=Answer)


def answers(
    rows: Sequence[AnswerT],
    output: Output,
    *,
    document: Callable[[Sequence[AnswerT]], dict[str, Any]],
    text: Callable[[AnswerT], str],
) -> int:
    """Print what every host answered, errors on stderr; return the worst exit code."""
    if output.as_json:
        gate.document(document(rows))
    else:
        for row in rows:
            if row.error:
                gate.remark(failure_text(row.host, row.error))
            else:
                gate.result(text(row))
    return worst(row.exit_code for row in rows)


def report_file(output: Output) -> ReportFile:
    """Raises UsageError when --report cannot be written; no host has been contacted."""
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
) -> int:
    """Print the result, write the report, return the exit code.

    With `plans`, plans are the result. With `difference`, a host that would change makes that 9.
    """
    report.write(command, outcomes, run)
    paint = paint_for("stdout", no_color=output.no_color)
    if output.as_json:
        gate.document(envelope(command, outcomes, run=run, plans=plans))
    elif plans:
        gate.result(planned_text(outcomes, script=output.verbose, paint=paint))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        gate.result(outcomes_text(outcomes, width=width, paint=paint))
    return exit_code(outcomes, difference=difference)
