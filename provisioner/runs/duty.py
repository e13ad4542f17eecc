"""What is done at one host, whoever does it: a thread of this process, or a worker of a cluster.

A duty and its jobs can be pickled, as long as no connection is open. Whoever does it passes on what happens at the
host, and asks the brake between the look and the change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from provisioner.plan.model import Plan, Step
from provisioner.remote.attempt import Attempt
from provisioner.remote.progress import OnStep
from provisioner.runs import one_host
from provisioner.runs.audience import Hearing
from provisioner.runs.brakes import Brake
from provisioner.runs.crash import stand_in
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target


@dataclass(frozen=True, slots=True)
class Job:
    """A host, and the outcome of an earlier look at it with the time of that (`time.monotonic`), if there was one."""

    target: Target
    planned: Outcome | None = None
    looked_at: float = 0.0


class Duty(Protocol):
    """What is to be done at every host; its failures are outcomes, and what is raised is a bug."""

    def __call__(self, job: Job, heard: Hearing, brake: Brake) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Look:
    """Do `at` a host, which changes nothing."""

    at: Callable[[Target], Outcome]

    def __call__(self, job: Job, heard: Hearing, brake: Brake) -> Outcome:  # noqa: ARG002 # a look is never too late
        target = job.target
        heard.step(target.name, "")
        try:
            outcome = self.at(target).light()
            target.address(outcome.error)
            return outcome
        finally:
            target.transport.close()


@dataclass(frozen=True, slots=True)
class LookAhead:
    """Facts and plan, for `attempt`. `keeps`: if that went well, the connection stays open for what is next."""

    attempt: Attempt
    keeps: bool = False

    def __call__(self, job: Job, heard: Hearing, brake: Brake) -> Outcome:  # noqa: ARG002 # as above
        target, keeps = job.target, False
        heard.step(target.name, "")
        try:
            outcome = one_host.plan(target, self.attempt, on_step=_on_step(target, heard)).light()
            target.address(outcome.error)
            keeps = self.keeps and not outcome.error
            return outcome
        finally:
            if not keeps:
                target.transport.close()


@dataclass(frozen=True, slots=True)
class Change:
    """Carry out the plan of the job, which was made for `attempt`; a failed look stays what it is. A connection idle
    for `stale` seconds is opened anew.
    """

    attempt: Attempt
    allow_restart: bool
    proof: str | None
    stale: float

    def __call__(self, job: Job, heard: Hearing, brake: Brake) -> Outcome:  # noqa: ARG002 # the crew has asked it
        try:
            if time.monotonic() - job.looked_at > self.stale:
                job.target.transport.close()
            assert job.planned is not None  # noqa: S101 # a change has a plan
            return self.apply(job.target, job.planned, heard).finished()
        finally:
            job.target.transport.close()

    def apply(self, target: Target, planned: Outcome, heard: Hearing) -> Outcome:
        if planned.error:
            return planned
        heard.step(target.name, "")
        outcome = one_host.apply(
            target,
            planned,
            allow_restart=self.allow_restart,
            on_step=_on_step(target, heard),
            proof=self.proof,
            attempt=self.attempt,
        )
        target.address(outcome.error)
        return replace(outcome, timings={**planned.timings, **outcome.timings})


@dataclass(frozen=True, slots=True)
class LookAndChange:
    """Straight from the plan to the change, over one connection, unless the brake was pulled in between."""

    change: Change

    def __call__(self, job: Job, heard: Hearing, brake: Brake) -> Outcome:
        try:
            planned = LookAhead(self.change.attempt, keeps=True)(job, heard, brake)
            if planned.status == "planned" and brake.reason:
                return stand_in(planned, brake.error())
            heard.plans(plans_of([planned]), whole=False)
            return self.change.apply(job.target, planned, heard).finished()
        finally:
            job.target.transport.close()


def _on_step(target: Target, heard: Hearing) -> OnStep:
    def on_step(step: Step, what: str) -> None:
        if what == "start":
            heard.step(target.name, step.title)
        elif what in {"ok", "fail"}:
            heard.step_ended(target.name, step.title, what == "ok")
        else:
            heard.note(target.name, what)

    return on_step


def plans_of(outcomes: Sequence[Outcome]) -> list[Plan]:
    """Return the plans of these hosts that are to be carried out."""
    return [outcome.plan for outcome in outcomes if outcome.plan and outcome.status == "planned"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A duty with those who hear of it: what threads call at each job."""

    duty: Duty
    heard: Hearing
    brake: Brake

    def __call__(self, job: Job) -> Outcome:
        return self.duty(job, self.heard, self.brake)
