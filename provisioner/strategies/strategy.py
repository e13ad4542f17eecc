"""What a way to install an engine says of itself, and of a host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from provisioner.catalogue.platforms import Platform
from provisioner.facts.host import Host
from provisioner.plan.model import Step
from provisioner.sources.reach import Source, SourceReach
from provisioner.wanted.spec import Spec


@dataclass(frozen=True, slots=True)
class Questions:
    """What must be asked from a host before a strategy can be considered there: sources, the installation script."""

    sources: tuple[Source, ...] = ()
    script: bool = False


@dataclass(frozen=True, slots=True)
class Accept:
    """`why` names what it installs from; `packages` maps names to the exact versions that will be installed.

    A version is "" where only the package manager can tell. `passed_over` says why the other sources will not do,
    `notices` what is to be known of the one that does.
    """

    why: str
    reach: SourceReach | None = None
    packages: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """Why a strategy cannot install on a host. `foreign`: it is a way of systems with another package manager."""

    reason: str
    foreign: bool = False


class Strategy(Protocol):
    """A module below provisioner/strategies: can it install on a host, and with which steps."""

    def questions(self, host: Host, platform: Platform, spec: Spec) -> Questions:
        """Return what must be known before `consider`; nothing where the host's facts rule this way out."""

    def installed(self, host: Host) -> str:
        """Return the installed package that could have come this way; "" when there is none."""

    def consider(self, host: Host, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
        """Say yes with what it would install, or no with the reason."""

    def steps(self, host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
        """Return what installs what was accepted, all that stands in its way included."""

    def source_steps(self, host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step | None, ...]:
        """Return what sets up the package source that was accepted, and nothing else; nothing where there is none."""
