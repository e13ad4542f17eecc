"""Look at the hosts, show the plan, ask, change, report: what `apply`, `remove` and `mirror` share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NoReturn

from provisioner.cli.options import Output, Rollout
from provisioner.cli.progress import watching
from provisioner.cli.result import ReportFile, finish
from provisioner.cli.rollout_work import RolloutWork
from provisioner.errors import UsageError
from provisioner.runs.history import Journal, to_resume
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target


def roll_out(
    command: str,
    targets: Sequence[Target],
    rollout: Rollout,
    output: Output,
    *,
    forks: int,
    confirm: Callable[[Sequence[Outcome]], bool] | None = None,
) -> NoReturn:
    """Change the hosts and print the result; raises typer.Exit with the worst host's exit code.

    `confirm` is asked instead of the person at the terminal, also with --yes, once all plans are shown.

    Raises:
        UsageError: no --yes and nobody to ask, no way to write the report, nothing to resume; no host was contacted.
    """
    rollout.brakes()
    if not rollout.yes and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; nothing was touched", hint="add --yes, or look with plan")
    wanted = {target.name: target.spec for target in targets}
    resumes, finished = to_resume(command, wanted) if rollout.resume else (None, frozenset())
    with closing(ReportFile(output)) as report:
        with watching(output) as progress:
            journal = Journal(
                command, sys.argv[1:], wanted, warn=lambda text: progress.say(f"warning: {text}"), resumes=resumes
            )
            if resumes:
                progress.say(f"resuming run {resumes}: {len(finished)} of {len(targets)} hosts are done")
            outcomes = {name: Outcome(name, "skipped", note=f"done in run {resumes}") for name in finished}
            for outcome in outcomes.values():
                journal.add(outcome)
            left = [target for target in targets if target.name not in finished]
            work = RolloutWork(left, rollout, output, progress, journal, forks, confirm)
            try:
                outcomes |= {outcome.host: outcome for outcome in work.run()}
            except KeyboardInterrupt:
                progress.say(
                    f"interrupted; what has begun runs to its end there. So far: provisioner history {journal.run}"
                )
                raise
            journal.end()
            ordered = [outcomes[target.name] for target in targets]
            if len(targets) > 1:
                progress.rest()
                progress.say(f"run {journal.run}\n")
        finish(command, ordered, output, run=journal.run, report=report)
