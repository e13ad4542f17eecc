"""Whoever works on hosts: threads of this process (`provisioner.runs.fleet.each`), or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from provisioner.runs.brakes import Brake
from provisioner.runs.duty import Assignment, Job
from provisioner.runs.fleet import GRACE, ignore
from provisioner.runs.outcome import Outcome


class Crew(Protocol):
    """Does an assignment at every job, as `each` promises it; canary, batches and history stay with the caller."""

    def __call__(
        self,
        items: Sequence[Job],
        work: Assignment,
        *,
        forks: int,
        instead: Callable[[Job, Exception], Outcome],
        done: Callable[[Outcome], None] = ignore,
        brake: Brake,
        waiting: Callable[[int], None] = ignore,
        settled: Callable[[Outcome], None] = ignore,
        grace: float = GRACE,
    ) -> list[Outcome]: ...
