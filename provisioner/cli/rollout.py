"""Look at the hosts, show the plan, ask, change, report: what `apply`, `remove` and `mirror` share."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from provisioner.cli.confirmation import YesOrNo
from provisioner.cli.dask_options import Dask
from provisioner.cli.options import Output, Rollout
from provisioner.cli.result import finish, report_file
from provisioner.cli.survey import survey
from provisioner.errors import UsageError
from provisioner.report import gate
from provisioner.report.progress import watching
from provisioner.runs import one_host
from provisioner.runs import rollout as run
from provisioner.runs.audience import Confirm
from provisioner.runs.target import Target


def roll_out(
    command: str,
    targets: Sequence[Target],
    rollout: Rollout,
    output: Output,
    *,
    forks: int,
    shard: str | None = None,
    confirm: Confirm | None = None,
    dask: Dask = Dask(),  # frozen
) -> int:
    """Change the hosts, print the result and return the exit code; with --plan, print what that would be.

    `shard` says which share of the run's fleet these targets are, if it is divided; one without hosts is a part of the
    run as well. `confirm` is asked instead of the person at the terminal, also with --yes, once all plans are shown.

    Raises:
        ConnectError: the cluster of `dask` does not answer; no host was contacted.
        UsageError: no --yes and nobody to ask, no way to write the report, nothing to resume; no host was contacted.
    """
    terms = rollout.terms(forks)
    if rollout.plan:
        return _look(command, targets, rollout, output, forks=forks, dask=dask)
    if not rollout.yes and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; nothing was touched", hint="add --yes, or look with plan")
    if confirm is None and not rollout.yes:
        confirm = YesOrNo(allow_restart=rollout.allow_restart)
    with closing(report_file(output)) as report:
        with dask.crew(targets) as crew, watching(output) as progress:
            terms = replace(terms, crew=crew)
            done = run.roll_out(
                *(command, targets, terms, progress),
                argv=sys.argv[1:],
                confirm=confirm,
                run=rollout.run,
                shard=shard or "",
            )
        return finish(command, done.outcomes, output, report=report, run=done.run)


def _look(command: str, targets: Sequence[Target], rollout: Rollout, output: Output, *, forks: int, dask: Dask) -> int:
    if rollout.resume:
        raise UsageError(
            "--plan looks at all hosts", hint="leave --resume out of it; a run with it begins where it was"
        )
    if rollout.run:
        raise UsageError("--run names a run in the history, and --plan begins none", hint="leave --run out of it")
    if rollout.proof and not output.quiet:
        gate.remark(f"at the end each host would pull {rollout.proof}")
    return survey(command, targets, one_host.plan, output, forks=forks, plans=True, dask=dask)
