"""The end of a command: its result on stdout, the report page, the exit code."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import typer

from provisioner.cli.options import Output, ReportedOutput
from provisioner.errors import ProvisionerError, UsageError
from provisioner.report import gate
from provisioner.report.envelope import envelope
from provisioner.report.failure import failure_text
from provisioner.report.paint import paint_for
from provisioner.report.plans import plans_text
from provisioner.report.table import failures, outcomes_text
from provisioner.runs.fleet import worst
from provisioner.runs.outcome import Outcome


class Answer(Protocol):
    """What one host said, or why it said nothing."""

    @property
    def host(self) -> str: ...
    @property
    def error(self) -> ProvisionerError | None: ...
    @property
    def exit_code(self) -> int: ...


AnswerT = TypeVar("AnswerT", bound=Answer)


class ReportFile:
    """Where --report goes: proven to be writable before any host is contacted, complete or untouched at the end."""

    def __init__(self, output: Output) -> None:
        """Raises UsageError when it cannot be written there."""
        given = output.report if isinstance(output, ReportedOutput) else None
        self._path = Path(given).resolve() if given else None
        self._draft: Path | None = None
        if self._path is None:
            return
        try:
            if self._path.exists() and not self._path.is_file():
                with self._path.open("ab"):  # a pipe or a device; a directory is refused by this
                    return
            handle, draft = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            os.close(handle)
            self._draft = Path(draft)
        except OSError as cause:
            raise UsageError(
                f"--report {given}: {cause.strerror or cause}; nothing was contacted or changed",
                hint="name a file in a directory that exists and that you may write to",
            ) from cause

    def write(self, command: str, outcomes: Sequence[Outcome], run: str | None) -> None:
        if self._path is None:
            return
        from provisioner.report.html import page

        text = page(command, outcomes, run)
        try:
            if self._draft is None:
                self._path.write_text(text, encoding="utf-8", errors="backslashreplace")
                return
            self._draft.write_text(text, encoding="utf-8", errors="backslashreplace")
            umask = os.umask(0)
            os.umask(umask)
            mode = self._path.stat().st_mode & 0o7777 if self._path.exists() else 0o666 & ~umask
            self._draft.chmod(mode)
            self._draft.replace(self._path)
        except OSError as cause:
            typer.echo(f"warning: the report {self._path} could not be written: {cause}", err=True)

    def close(self) -> None:
        """Leave no draft behind."""
        if self._draft is not None:
            self._draft.unlink(missing_ok=True)


def finish(
    command: str,
    outcomes: Sequence[Outcome],
    output: Output,
    *,
    run: str | None = None,
    report: ReportFile | None = None,
    plans: bool = False,
    exit_code: int | None = None,
) -> NoReturn:
    """Print the result, write the report and end with `exit_code`, else with the worst host's.

    With `plans`, plans are the result.
    """
    if report:
        report.write(command, outcomes, run)
    if output.as_json:
        typer.echo(json.dumps(envelope(command, outcomes, run=run, plans=plans), indent=2))
    elif plans:
        _print_plans(outcomes, output)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        typer.echo(outcomes_text(outcomes, width=width, paint=paint_for("stdout", no_color=output.no_color)))
    raise typer.Exit(worst(outcome.exit_code for outcome in outcomes) if exit_code is None else exit_code)


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


def _print_plans(outcomes: Sequence[Outcome], output: Output) -> None:
    planned = [outcome.plan for outcome in outcomes if outcome.plan and not outcome.error]
    if planned:
        typer.echo(plans_text(planned, script=output.verbose, paint=paint_for("stdout", no_color=output.no_color)))
    for failure in failures(outcomes, paint=paint_for("stdout", no_color=output.no_color)):
        typer.echo(failure)
    if len(outcomes) > 1:
        changes = sum(not plan.empty for plan in planned)
        failed = sum(outcome.failed for outcome in outcomes)
        said = f"{len(outcomes)} hosts: {changes} would change, {len(planned) - changes} as wanted"
        typer.echo(f"\n{said}, {failed} failed" if failed else f"\n{said}")
