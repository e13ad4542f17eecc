"""On what terms a change goes through many hosts."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.runs.brakes import Brakes
from provisioner.runs.crew import Crew
from provisioner.runs.fleet import each


@dataclass(frozen=True, slots=True)
class Terms:
    """Which hosts wait for which, `forks` of them at a time. `allow_restart`: running containers may stop.

    `proof` is an image that each host pulls at its end. With `resume`, hosts that the last such run finished are left
    out. `crew` works on the hosts.
    """

    brakes: Brakes
    forks: int
    allow_restart: bool = False
    proof: str | None = None
    resume: bool = False
    crew: Crew = each
