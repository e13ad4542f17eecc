"""What a plan would refuse whatever the package sources answer, found out before one is asked."""

from __future__ import annotations

from provisioner.catalogue.packages import names
from provisioner.facts.host import Host
from provisioner.plan.model import Plan
from provisioner.planner.intent import Intent, StrategyChoice, must_install
from provisioner.planner.mirror_change import resolved
from provisioner.planner.parts import PARTS, packages
from provisioner.planner.planner import plan, questions
from provisioner.planner.storage_driver import storage_choice
from provisioner.strategies import docker_ce, strategies
from provisioner.strategies.strategy import Accept
from provisioner.wanted.spec import Spec


def foresee(host: Host, spec: Spec) -> Plan | None:
    """Plan as far as it is possible without an answer of a package source; the plan, where none has to be asked.

    Raises:
        ProvisionerError: what `plan` would raise, whichever source it takes.
    """
    asked = questions(host, spec)
    if not must_install(host, spec) or not (asked.sources or asked.script):
        return plan(host.facts.hostname, host, (), spec)
    intent = _intent(host, spec)
    if host.platform:
        docker_ce.room_for(host.facts, host.platform, dict.fromkeys(names("docker-ce", "companion"), ""), spec)
    for part in PARTS:
        if part is not packages:
            part(host, intent)
    return None


def _intent(host: Host, spec: Spec) -> Intent:
    """The intent of an installation from a source, whichever that will be."""
    name = "rpm-repo" if host.platform and host.platform.family == "rpm" else "apt-repo"
    choice = StrategyChoice(name, strategies()[name], Accept("the sources have not been asked"), ())
    version = spec.version if spec.version and spec.version.count(".") == 2 else ""
    last = host.platform.last_engine if host.platform else ""
    storage = storage_choice(host.facts, spec, version or last, installs=True)
    return Intent(resolved(host, spec), choice, version, storage)
