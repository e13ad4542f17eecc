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
from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisioner.errors import SkippedError
from provisioner.plan.model import Plan, Step
from provisioner.remote.attempt import Attempt
from provisioner.remote.progress import OnStep
from provisioner.runs import one_host
from provisioner.runs.audience import Audience, Confirm
from provisioner.runs.brakes import Brake
from provisioner.runs.fleet import each, roll
from provisioner.runs.history import Journal
from provisioner.runs.outcome import Outcome
from provisioner.runs.survey import stand_in
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
        def work(target: Target) -> Outcome:
            try:
                planned = self._plan(target)
                if planned.status == "planned" and self.brake.reason:
                    return stand_in(planned, self.brake.error())
                self.audience.plans(_plans([planned]), whole=False)
                return self._apply(target, planned).finished()
            finally:
                target.transport.close()

        self.audience.begin("changing", len(self.targets))
        return roll(
            self.targets,
            work,
            forks=self.terms.forks,
            brakes=self.terms.brakes,
            brake=self.brake,
            instead=lambda target, error: stand_in(Outcome(target.name, "planned"), error),
            done=self._done,
            waiting=self.audience.waiting,
        )

    def _in_order(self) -> list[Outcome]:
        planned = self._plan_all()
        pairs = [
            (target, outcome)
            for target, outcome in zip(self.targets, planned, strict=True)
            if outcome.status == "planned" or outcome.error or self.terms.proof
        ]
        pending = [outcome for _, outcome in pairs if not outcome.error]
        self.audience.plans(_plans(pending), whole=True)
        if not pending or not self._agreed(pending, len(pairs) - len(pending)):
            for target, outcome in pairs:
                target.transport.close()
                self.journal.add(outcome)
            return planned

        def work(pair: tuple[Target, Outcome]) -> Outcome:
            target, outcome = pair
            try:
                if time.monotonic() - self.looked_at.get(target.name, 0.0) > STALE:
                    target.transport.close()
                return self._apply(target, outcome).finished()
            finally:
                target.transport.close()

        def instead(pair: tuple[Target, Outcome], error: Exception) -> Outcome:
            target, outcome = pair
            if isinstance(error, SkippedError):
                target.transport.close()
            return outcome if outcome.error else stand_in(outcome, error).finished()

        self.audience.begin("changing", len(pairs))
        applied = roll(
            pairs,
            work,
            forks=self.terms.forks,
            brakes=self.terms.brakes,
            brake=self.brake,
            instead=instead,
            done=self._done,
            waiting=self.audience.waiting,
        )
        outcomes = {outcome.host: outcome for outcome in [*planned, *applied]}
        return [outcomes[target.name] for target in self.targets]

    def _plan_all(self) -> list[Outcome]:
        keep = len(self.targets) <= self.terms.forks

        def work(target: Target) -> Outcome:
            outcome = self._plan(target)
            if outcome.error or not keep:
                target.transport.close()
            return outcome

        self.audience.begin("looking at", len(self.targets))
        planned = each(
            self.targets,
            work,
            forks=self.terms.forks,
            instead=lambda target, error: stand_in(Outcome(target.name, "planned"), error),
            done=self.audience.done,
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

    def _plan(self, target: Target) -> Outcome:
        self.audience.step(target.name, "")
        outcome = one_host.plan(target, self.attempt, on_step=self._on_step(target)).light()
        target.address(outcome.error)
        self.looked_at[target.name] = time.monotonic()
        return outcome

    def _apply(self, target: Target, planned: Outcome) -> Outcome:
        if planned.error:
            return planned

        self.audience.step(target.name, "")
        outcome = one_host.apply(
            target,
            planned,
            allow_restart=self.terms.allow_restart,
            on_step=self._on_step(target),
            proof=self.terms.proof,
            attempt=self.attempt,
        )
        target.address(outcome.error)
        return replace(outcome, timings={**planned.timings, **outcome.timings})

    def _on_step(self, target: Target) -> OnStep:
        def on_step(step: Step, what: str) -> None:
            if what == "start":
                self.audience.step(target.name, step.title)
            elif what in {"ok", "fail"}:
                self.audience.step_ended(target.name, step.title, what == "ok")
            else:
                self.audience.note(target.name, what)

        return on_step

    def _done(self, outcome: Outcome) -> None:
        self.journal.add(outcome)
        self.audience.done(outcome)

    def _agreed(self, pending: Sequence[Outcome], failed: int) -> bool:
        """Nobody is asked when nothing would change, or when the brake is pulled already."""
        changes = any(plan.restart.stops_containers == 0 or self.terms.allow_restart for plan in _plans(pending))
        if self.confirm is None or not changes or self.brake.reason:
            return True
        try:
            return self.confirm(pending, total=len(self.targets), failed=failed)
        except KeyboardInterrupt:
            self.brake.interrupt()
            return True


def _plans(outcomes: Sequence[Outcome]) -> list[Plan]:
    return [outcome.plan for outcome in outcomes if outcome.plan and outcome.status == "planned"]
