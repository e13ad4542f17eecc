"""What a host says of its mirrors: what `provisioner mirror status` does."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisioner.checks import mirror_status as checks
from provisioner.checks.mirror_status import MirrorStatus
from provisioner.errors import TARGET, DifferenceError, ProvisionerError
from provisioner.facts.host import Host
from provisioner.remote.gather import gather
from provisioner.remote.progress import unheard
from provisioner.runs.answers import answers
from provisioner.runs.one_host import prove
from provisioner.runs.outcome import Outcome, status_of
from provisioner.runs.target import Target


@dataclass(frozen=True, slots=True)
class HostMirrors:
    """How it went on one host, and what it said; None when it said nothing."""

    outcome: Outcome
    mirrors: MirrorStatus | None = None

    @property
    def host(self) -> str:
        return self.outcome.host

    @property
    def error(self) -> ProvisionerError | None:
        return self.outcome.error

    @property
    def exit_code(self) -> int:
        return self.outcome.exit_code


def mirror_status(targets: Sequence[Target], *, forks: int, proof: str | None = None) -> list[HostMirrors]:
    """Look at every host; with `proof`, that image is pulled afresh there."""
    return answers(targets, lambda target: _mirror_status(target, proof), failed, forks=forks)


def _mirror_status(target: Target, proof: str | None) -> HostMirrors:
    facts = gather(target.transport, become_password=target.become_password, brief=True)
    found = checks.mirror_status(Host.of(facts))
    outcome = Outcome(target.name, "verified", facts)
    if proof:
        outcome = prove(target, outcome, proof, unheard)
    if found.problems and outcome.succeeded:
        error = DifferenceError("; ".join(found.problems), hint=_way_back(found))
        outcome = replace(outcome, status="drifted", error=error)
    return HostMirrors(outcome.light(), found)


def _way_back(found: MirrorStatus) -> str:
    if found.configured.urls:
        return (
            f"provisioner mirror set {shlex.join(found.configured.urls)} {TARGET} has the engine use those of its file"
        )
    if found.configured.by and found.shown:
        return f"provisioner mirror set {shlex.join(found.shown)} {TARGET} writes down those that the engine has now"
    return f"provisioner status {TARGET} shows what else is not as its files say"


def failed(name: str, error: ProvisionerError) -> HostMirrors:
    """A host that could not be asked, or whose answer is of no use."""
    return HostMirrors(Outcome(name, status_of(error), error=error))
