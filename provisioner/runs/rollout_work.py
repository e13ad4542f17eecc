"""The hosts of a rollout, looked at and changed; in which order depends on who waits for whom.

- When nobody is asked, and there is neither --canary nor --batch, nobody waits: a host goes straight from its plan to
  its change, in one worker over one connection. That is the fewest round trips, and a slow host delays no other.
- Otherwise all hosts are looked at first: the plan is shown whole, its question is asked once, and the canary and the
  batches are chosen among the hosts that have something to change. Hosts that failed the look keep their place in that
  order, so that an unreachable canary stops the rollout.

In that second case, connections stay open between look and change when there are no more hosts than forks, so that
never more than that are open; each costs about a megabyte here and an idle session there. One that has been idle for
longer than `STALE` seconds, while somebody thought or while earlier batches ran, is opened anew, because a firewall may
have forgotten it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from provisioner.errors import SkippedError
from provisioner.remote.attempt import Attempt
from provisioner.runs.audience import Audience, Confirm
from provisioner.runs.brakes import Brake
from provisioner.runs.crash import stand_in
from provisioner.runs.duty import Assignment, Change, Duty, Job, LookAhead, LookAndChange, plans_of
from provisioner.runs.fleet import roll
from provisioner.runs.history import Journal
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target
from provisioner.runs.terms import Terms

STALE = 60.0


@dataclass
class RolloutWork:
    """One rollout over the hosts that are left."""

    targets: Sequence[Target]
    terms: Terms
    audience: Audience
    journal: Journal
    confirm: Confirm | None
    attempt: Attempt

    def __post_init__(self) -> None:
        failures = self.terms.brakes.max_failures
        limit = failures.of(len(self.targets)) if failures else None
        self.brake = Brake(limit, hint="run it again with --resume to go on with the rest")
        self.looked_at: dict[str, float] = {}

    def run(self) -> list[Outcome]:
        if self.confirm is None and not self.terms.brakes.ordered:
            return self._straight()
        return self._in_order()

    def _straight(self) -> list[Outcome]:
        self.audience.begin("changing", len(self.targets))
        return self._rolled(
            list(map(Job, self.targets)),
            LookAndChange(self._change()),
            instead=lambda job, error: stand_in(Outcome(job.target.name, "planned"), error),
        )

    def _in_order(self) -> list[Outcome]:
        planned = self._plan_all()
        pairs = [
            (target, outcome)
            for target, outcome in zip(self.targets, planned, strict=True)
            if outcome.status == "planned" or outcome.error or self.terms.proof
        ]
        pending = [outcome for _, outcome in pairs if not outcome.error]
        self.audience.plans(plans_of(pending), whole=True)
        if not pending or not self._agreed(pending, len(pairs) - len(pending)):
            for target, outcome in pairs:
                target.transport.close()
                self.journal.add(outcome)
            return planned

        def instead(job: Job, error: Exception) -> Outcome:
            outcome = job.planned or Outcome(job.target.name, "planned")
            if isinstance(error, SkippedError):
                job.target.transport.close()
            return outcome if outcome.error else stand_in(outcome, error).finished()

        self.audience.begin("changing", len(pairs))
        jobs = [Job(target, outcome, self.looked_at.get(target.name, 0.0)) for target, outcome in pairs]
        applied = self._rolled(jobs, self._change(), instead=instead)
        outcomes = {outcome.host: outcome for outcome in [*planned, *applied]}
        return [outcomes[target.name] for target in self.targets]

    def _change(self) -> Change:
        return Change(self.attempt, self.terms.allow_restart, self.terms.proof, STALE)

    def _rolled(
        self, jobs: Sequence[Job], duty: Duty, *, instead: Callable[[Job, Exception], Outcome]
    ) -> list[Outcome]:
        return roll(
            jobs,
            Assignment(duty, self.audience, self.brake),
            forks=self.terms.forks,
            brakes=self.terms.brakes,
            brake=self.brake,
            instead=instead,
            done=self._done,
            waiting=self.audience.waiting,
            crew=self.terms.crew,
        )

    def _plan_all(self) -> list[Outcome]:
        keeps = len(self.targets) <= self.terms.forks
        self.audience.begin("looking at", len(self.targets))
        planned = self.terms.crew(
            list(map(Job, self.targets)),
            Assignment(LookAhead(self.attempt, keeps), self.audience, self.brake),
            forks=self.terms.forks,
            instead=lambda job, error: stand_in(Outcome(job.target.name, "planned"), error),
            done=self._looked,
            brake=self.brake,
            waiting=self.audience.waiting,
        )
        self.audience.rest()
        for target, outcome in zip(self.targets, planned, strict=True):
            self.brake.count(outcome)
            if outcome.succeeded and outcome.status != "planned":
                self.journal.add(outcome)
                if not self.terms.proof:
                    target.transport.close()
        return planned

    def _looked(self, outcome: Outcome) -> None:
        self.looked_at[outcome.host] = time.monotonic()
        self.audience.done(outcome)

    def _done(self, outcome: Outcome) -> None:
        self.journal.add(outcome)
        self.audience.done(outcome)

    def _agreed(self, pending: Sequence[Outcome], failed: int) -> bool:
        """Nobody is asked when nothing would change, or when the brake is pulled already."""
        changes = any(plan.restart.stops_containers == 0 or self.terms.allow_restart for plan in plans_of(pending))
        if self.confirm is None or not changes or self.brake.reason:
            return True
        try:
            return self.confirm(pending, total=len(self.targets), failed=failed)
        except KeyboardInterrupt:
            self.brake.interrupt()
            return True
