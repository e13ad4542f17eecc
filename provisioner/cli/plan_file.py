"""Plans that are kept: plan --out FILE, apply FILE."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import closing

from provisioner.cli.hosts import Typist, tell_empty_shard
from provisioner.cli.option_groups import as_typed
from provisioner.cli.options import Connection, Output, WantedState
from provisioner.cli.survey import survey
from provisioner.errors import UsageError
from provisioner.report import gate
from provisioner.report.plan_file import about_text, kept_text
from provisioner.runs import one_host
from provisioner.runs.outcome import Outcome
from provisioner.runs.plan_file import PlanDraft, is_plan, read_plan
from provisioner.runs.target import Target

_ITS_OWN = ("ask_pass", "ask_become_pass", "forks", "shard")
"""Options about hosts that go with a plan: passwords are not in it."""


def keeping(path: str, targets: Sequence[Target], output: Output, *, forks: int, difference: bool) -> int:
    """Show what apply would do, as `plan` does, and keep it in a file; return the exit code.

    Raises:
        UsageError: the file cannot be written.
    """
    with closing(PlanDraft(path)) as draft:
        outcomes: list[Outcome] = []

        def look(target: Target) -> Outcome:
            outcome = one_host.plan(target)
            draft.keep(target, outcome)
            return outcome

        code = survey(
            *("plan", targets, look, output), forks=forks, plans=True, difference=difference, seen=outcomes.extend
        )
        secret = draft.write(outcomes, sys.argv[1:])
    if not output.quiet:
        gate.remark(kept_text(path, outcomes, secret=secret))
    return code


def plan_among(words: Sequence[str]) -> str | None:
    """Return the one word that names a plan, None when all are hosts.

    Raises:
        UsageError: there are other words besides, or a word is a path and no plan.
    """
    plans = [word for word in words if is_plan(word)]
    if plans and len(words) > 1:
        raise UsageError(
            f"{plans[0]} is a plan, which says itself what its hosts are; nothing was contacted",
            hint=f"provisioner apply {shlex.quote(plans[0])}",
        )
    for word in words:
        if "/" in word and word not in plans:
            raise UsageError(
                f"{word}: there is no plan in a file of that name, and it is no host; nothing was contacted",
                hint="`provisioner plan --out FILE` writes one",
            )
    return plans[0] if plans else None


def planned(path: str, wanted: WantedState, connection: Connection, *, quiet: bool) -> list[Target]:
    """Return the hosts of a plan, with what was shown for each.

    Raises:
        UsageError: something else is wanted or said of the hosts than the plan says, or the plan cannot be used.
    """
    if said := [*as_typed(wanted), *as_typed(connection, leave_out=_ITS_OWN)]:
        raise UsageError(
            f"{path} says what is wanted of which hosts and how they are reached: {shlex.join(said)} goes with `plan`; "
            "nothing was contacted",
            hint=f"provisioner plan {shlex.join(said)} --out FILE makes another plan",
        )
    file = read_plan(path)
    person = Typist()
    found = file.targets(connection, person)
    if not quiet:
        gate.remark(about_text(file))
    tell_empty_shard(connection, found)
    return found
