"""Ways to install an engine. The order of STRATEGIES is the order of preference."""

from __future__ import annotations

from typing import Protocol

from provisioner.catalogue.platforms import Platform
from provisioner.facts.model import Facts
from provisioner.plan.model import Step
from provisioner.sources.reach import SourceReach
from provisioner.strategies import apt_repo, convenience_script, distro_packages, rpm_repo
from provisioner.strategies.decision import Accept, Reject
from provisioner.wanted.spec import Spec


class Strategy(Protocol):
    """A module that says whether it can install on a host, and with which steps."""

    NAME: str

    def consider(
        self, facts: Facts, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec
    ) -> Accept | Reject: ...

    def steps(self, facts: Facts, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]: ...


STRATEGIES: tuple[Strategy, ...] = (apt_repo, rpm_repo, distro_packages, convenience_script)
