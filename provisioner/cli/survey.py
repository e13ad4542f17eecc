"""Look at many hosts, print what was found: what `plan`, `verify` and `status` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from provisioner.cli.dask_options import Dask
from provisioner.cli.options import Output
from provisioner.cli.result import finish, report_file
from provisioner.report.progress import watching
from provisioner.runs import survey as run
from provisioner.runs.outcome import Outcome
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
    lines: bool = False,
    seen: Callable[[Sequence[Outcome]], None] | None = None,
    dask: Dask = Dask(),  # frozen
) -> int:
    """Do `work` on every host, print the result and return the exit code; see `finish`. `seen` hears of the outcomes
    before that.

    Raises:
        ConnectError: the cluster of `dask` does not answer; no host has been contacted.
        UsageError: the report cannot be written; no host has been contacted.
    """
    with closing(report_file(output)) as report:
        with dask.crew(targets) as crew, watching(output) as progress:
            outcomes = run.survey(targets, work, progress, forks=forks, crew=crew)
        if seen is not None:
            seen(outcomes)
        return finish(command, outcomes, output, report=report, plans=plans, difference=difference, lines=lines)
