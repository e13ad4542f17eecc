"""Many hosts that are only looked at: what `plan` and `verify` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import NoReturn

from provisioner.cli.options import Output
from provisioner.cli.progress import watching
from provisioner.cli.result import ReportFile, finish
from provisioner.errors import CancelledError, SkippedError
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each, worst
from provisioner.runs.outcome import Outcome, Status
from provisioner.runs.target import Target


def survey(
    command: str,
    targets: Sequence[Target],
    work: Callable[[Target], Outcome],
    output: Output,
    *,
    forks: int,
    plans: bool = False,
    difference: bool = False,
) -> NoReturn:
    """Do `work` on every host and print the result; it raises typer.Exit with the worst exit code.

    With `plans`, plans are the result. With `difference`, a host that would change makes that 9.

    Raises:
        UsageError: the report cannot be written; no host has been contacted.
    """
    with closing(ReportFile(output)) as report:
        with watching(output) as progress:

            def look(target: Target) -> Outcome:
                progress.step(target.name, "")
                try:
                    return work(target).light()
                finally:
                    target.transport.close()

            progress.begin("looking at", len(targets))
            outcomes = each(
                targets,
                look,
                forks=forks,
                instead=lambda target, error: stand_in(Outcome(target.name, "planned"), error),
                done=progress.done,
                waiting=lambda number: progress.say(interrupted(number)),
            )
        code = worst(outcome.exit_code for outcome in outcomes)
        if difference and any(outcome.status == "planned" for outcome in outcomes):
            code = worst((code, 9))
        finish(command, outcomes, output, report=report, plans=plans, exit_code=code)


def stand_in(outcome: Outcome, error: Exception) -> Outcome:
    """Return the outcome of a host whose work did not come to its end."""
    status: Status = "failed"
    if isinstance(error, CancelledError):
        status = "cancelled"
    elif isinstance(error, SkippedError):
        status = "skipped"
    return replace(outcome, status=status, error=as_error(error, outcome.host))


def interrupted(number: int) -> str:
    """What a first Ctrl-C is told."""
    hosts = "1 host" if number == 1 else f"{number} hosts"
    return f"stopping: no further host begins; {hosts} in progress, waiting a few seconds; Ctrl-C again ends at once"
