"""A change to many hosts, from the first look to the history: what `apply`, `remove` and `mirror` share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisioner.remote.attempt import new_attempt
from provisioner.runs.audience import Audience, Confirm
from provisioner.runs.brakes import Brakes
from provisioner.runs.history import Journal, to_resume
from provisioner.runs.named_run import refuse_other_use
from provisioner.runs.outcome import Outcome
from provisioner.runs.resumed import brakes_of, resumed_runs
from provisioner.runs.rollout_work import RolloutWork
from provisioner.runs.run_name import run_name
from provisioner.runs.target import Target
from provisioner.runs.terms import Terms


@dataclass(frozen=True, slots=True)
class RolledOut:
    """A run's name in the history, and an outcome for each of its hosts, in their order."""

    run: str
    outcomes: list[Outcome]


def roll_out(
    command: str,
    targets: Sequence[Target],
    terms: Terms,
    audience: Audience,
    *,
    argv: Sequence[str],
    confirm: Confirm | None,
    run: str | None = None,
    shard: str = "",
) -> RolledOut:
    """Change the hosts. `confirm` is asked once all plans are shown; None changes them unasked.

    `argv` is what the history keeps of how that was asked for. `run` is its name there; None makes a new one.
    `shard` says which share of the run's fleet the hosts are.

    Raises:
        UsageError: there is nothing to resume, or `run` is no name or that of another run; no host was contacted.
        KeyboardInterrupt: a second Ctrl-C; what has begun runs to its end on its host.
    """
    wanted = {target.name: target.spec for target in targets}
    if run is not None:
        refuse_other_use(run_name(run), command, shard, wanted)
    resumes, finished = to_resume(command, wanted) if terms.resume and targets else (None, frozenset())
    journal = Journal(command, argv, wanted, warn=audience.warn, resumes=resumes, run=run, shard=shard)
    attempt = new_attempt(journal.run, command, resumed_runs(resumes))
    outcomes: dict[str, Outcome] = {}
    if resumes:
        if terms.brakes == Brakes():
            terms = replace(terms, brakes=brakes_of(resumes))
        audience.resumed(resumes, len(finished), len(targets), terms.brakes)
        outcomes = {name: Outcome(name, "skipped", note=f"done in run {resumes}") for name in finished}
    for outcome in outcomes.values():
        journal.add(outcome)
    left = [target for target in targets if target.name not in finished]
    try:
        changed = RolloutWork(left, terms, audience, journal, confirm, attempt).run() if left else []
        outcomes |= {outcome.host: outcome for outcome in changed}
    except KeyboardInterrupt:
        audience.interrupted(journal.run)
        raise
    journal.end()
    audience.ended(journal.run, len(targets))
    return RolledOut(journal.run, [outcomes[target.name] for target in targets])
