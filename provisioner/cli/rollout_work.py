"""The hosts of a rollout, looked at and changed; in which order depends on who waits for whom.

- With --yes and neither --canary nor --batch nobody does: a host goes straight from look to change, in one worker
  over one connection. That is the fewest round trips, and a slow host delays no other.
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
from dataclasses import dataclass, replace

from provisioner.cli.confirmation import confirmed
from provisioner.cli.options import Output, Rollout
from provisioner.cli.progress import Progress
from provisioner.cli.survey import interrupted, stand_in
from provisioner.errors import SkippedError
from provisioner.plan.model import Plan, Step
from provisioner.report.paint import paint_for
from provisioner.report.plans import plans_text, question
from provisioner.runs import one_host
from provisioner.runs.brakes import Brake
from provisioner.runs.fleet import each, roll
from provisioner.runs.history import Journal
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target

STALE = 60.0


@dataclass
class RolloutWork:
    """One rollout over the hosts that are left."""

    targets: Sequence[Target]
    rollout: Rollout
    output: Output
    progress: Progress
    journal: Journal
    forks: int
    confirm: Callable[[Sequence[Outcome]], bool] | None = None

    def __post_init__(self) -> None:
        self.brakes = self.rollout.brakes()
        limit = self.brakes.max_failures.of(len(self.targets)) if self.brakes.max_failures else None
        self.brake = Brake(limit, hint="run it again with --resume to go on with the rest")
        self.looked_at: dict[str, float] = {}

    def run(self) -> list[Outcome]:
        if self.rollout.yes and not self.brakes.ordered and not self.confirm:
            return self._straight()
        return self._in_order()

    def _straight(self) -> list[Outcome]:
        def work(target: Target) -> Outcome:
            try:
                looked = self._look(target)
                if looked.status == "planned" and self.brake.reason:
                    return stand_in(looked, self.brake.error())
                if len(self.targets) == 1 or self.output.verbose:
                    self._show([looked])
                return self._change(target, looked).finished()
            finally:
                target.transport.close()

        self.progress.begin("changing", len(self.targets))
        return roll(
            self.targets,
            work,
            forks=self.forks,
            brakes=self.brakes,
            brake=self.brake,
            instead=lambda target, error: stand_in(Outcome(target.name, "planned"), error),
            done=self._done,
            waiting=self._waiting,
        )

    def _in_order(self) -> list[Outcome]:
        looked = self._look_at_all()
        pairs = [
            (target, outcome)
            for target, outcome in zip(self.targets, looked, strict=True)
            if outcome.status != "converged" or self.rollout.proof
        ]
        pending = [outcome for _, outcome in pairs if not outcome.error]
        self._show(pending)
        changes = any(plan.restart.stops_containers == 0 or self.rollout.allow_restart for plan in _plans(pending))
        asks = changes and (self.confirm or not self.rollout.yes) and not self.brake.reason
        if not pending or (asks and not self._agreed(pending, len(pairs) - len(pending))):
            for target, outcome in pairs:
                target.transport.close()
                self.journal.add(outcome)
            return looked

        def work(pair: tuple[Target, Outcome]) -> Outcome:
            target, outcome = pair
            try:
                if time.monotonic() - self.looked_at.get(target.name, 0.0) > STALE:
                    target.transport.close()
                return self._change(target, outcome).finished()
            finally:
                target.transport.close()

        def instead(pair: tuple[Target, Outcome], error: Exception) -> Outcome:
            target, outcome = pair
            if isinstance(error, SkippedError):
                target.transport.close()
            return outcome if outcome.error else stand_in(outcome, error).finished()

        self.progress.begin("changing", len(pairs))
        changed = roll(
            pairs,
            work,
            forks=self.forks,
            brakes=self.brakes,
            brake=self.brake,
            instead=instead,
            done=self._done,
            waiting=self._waiting,
        )
        outcomes = {outcome.host: outcome for outcome in [*looked, *changed]}
        return [outcomes[target.name] for target in self.targets]

    def _look_at_all(self) -> list[Outcome]:
        keep = len(self.targets) <= self.forks

        def work(target: Target) -> Outcome:
            outcome = self._look(target)
            if outcome.error or not keep:
                target.transport.close()
            return outcome

        self.progress.begin("looking at", len(self.targets))
        looked = each(
            self.targets,
            work,
            forks=self.forks,
            instead=lambda target, error: stand_in(Outcome(target.name, "planned"), error),
            done=self.progress.done,
            brake=self.brake,
            waiting=self._waiting,
        )
        self.progress.rest()
        for target, outcome in zip(self.targets, looked, strict=True):
            self.brake.count(outcome)
            if outcome.status == "converged":
                self.journal.add(outcome)
                if not self.rollout.proof:
                    target.transport.close()
        return looked

    def _look(self, target: Target) -> Outcome:
        self.progress.step(target.name, "")
        outcome = one_host.plan(target).light()
        self.looked_at[target.name] = time.monotonic()
        return outcome

    def _change(self, target: Target, looked: Outcome) -> Outcome:
        if looked.error:
            return looked

        def on_step(step: Step, what: str) -> None:
            if what == "start":
                self.progress.step(target.name, step.title)
            elif what in {"ok", "fail"}:
                self.progress.step_ended(target.name, step.title, what == "ok")
            else:
                self.progress.note(target.name, what)

        self.progress.step(target.name, "")
        outcome = one_host.apply(
            target, looked, allow_restart=self.rollout.allow_restart, on_step=on_step, proof=self.rollout.proof
        )
        return replace(outcome, timings={**looked.timings, **outcome.timings})

    def _done(self, outcome: Outcome) -> None:
        self.journal.add(outcome)
        self.progress.done(outcome)

    def _waiting(self, number: int) -> None:
        self.progress.say(interrupted(number))

    def _show(self, outcomes: Sequence[Outcome]) -> None:
        plans = _plans(outcomes)
        if plans:
            text = plans_text(
                plans, script=self.output.verbose, paint=paint_for("stderr", no_color=self.output.no_color)
            )
            self.progress.say(text)

    def _agreed(self, pending: Sequence[Outcome], failed: int) -> bool:
        if self.confirm:
            return self.confirm(pending)
        asked = question(_plans(pending), len(self.targets), allow_restart=self.rollout.allow_restart)
        try:
            return confirmed(
                f"{asked} {failed} failed and {'is' if failed == 1 else 'are'} left out." if failed else asked
            )
        except KeyboardInterrupt:
            self.brake.interrupt()
            return True


def _plans(outcomes: Sequence[Outcome]) -> list[Plan]:
    return [outcome.plan for outcome in outcomes if outcome.plan and not outcome.plan.empty]
