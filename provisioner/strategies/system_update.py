"""The full upgrade of the system that some guides begin with; only on request."""

from __future__ import annotations

from provisioner.facts.model import Facts
from provisioner.plan.model import Step
from provisioner.wanted.spec import Spec

LOCK_TIMEOUT = 600


def system_update(facts: Facts, spec: Spec) -> Step | None:
    if not spec.system_update:
        return None
    apt = facts.package_manager == "apt"
    return Step(
        "system-update",
        "upgrade all packages of the system",
        "--system-update",
        "~",
        "apt_upgrade" if apt else "rpm_upgrade",
        {"manager": facts.package_manager, "lock_timeout": LOCK_TIMEOUT},
    )
