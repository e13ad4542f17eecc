"""The facts of many hosts: what `provisioner facts` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.errors import ProvisionerError
from provisioner.facts.model import Facts
from provisioner.remote.gather import gather, gather_raw
from provisioner.runs.answers import answers
from provisioner.runs.target import Target


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one host said: its facts, or its answer in `raw`; or why it said nothing."""

    host: str
    facts: Facts | None = None
    raw: str = ""
    error: ProvisionerError | None = None

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0


def facts(targets: Sequence[Target], *, forks: int, raw: bool = False) -> list[Gathered]:
    """Gather the facts of every host, or with `raw` its answer as it came."""

    def ask(target: Target) -> Gathered:
        if raw:
            return Gathered(target.name, raw=gather_raw(target.transport, become_password=target.become_password))
        return Gathered(target.name, gather(target.transport, become_password=target.become_password))

    return answers(targets, ask, failed, forks=forks)


def failed(name: str, error: ProvisionerError) -> Gathered:
    """A host that could not be asked, or whose answer is of no use."""
    return Gathered(name, error=error)
