"""Checks after the fact, from facts gathered afresh."""

from __future__ import annotations

from provisioner.catalogue.versions import satisfies
from provisioner.facts.model import STARTED_AT_BOOT, Facts
from provisioner.plan.model import Check
from provisioner.planner.mirror_change import resolved
from provisioner.wanted.spec import Spec


def verify(facts: Facts, spec: Spec) -> tuple[Check, ...]:
    """Return every check with its result; the host is as wanted when all have passed."""
    engine, info, spec = facts.engine, facts.engine.info, resolved(facts, spec)
    if not spec.install and not engine.running:
        return (Check("engine", passed=True, detail="stopped; it takes the configuration at its next start"),)
    checks = [Check("engine answers", info is not None, info.version if info else engine.error or "it does not run")]
    if info is None:
        return tuple(checks)
    checks.append(Check("client", bool(engine.client_version), engine.client_version))
    if spec.version:
        checks.append(Check("version", satisfies(info.version, spec.version), info.version))
    if spec.storage and spec.install:
        wanted = {"overlay2", "overlayfs", spec.storage.driver}
        checks.append(Check("storage driver", info.storage_driver in wanted, info.storage_driver))
    if spec.registry_mirrors is not None:
        shown = " ".join(info.mirrors) or "none"
        checks.append(Check("registry mirrors", info.mirrors == spec.registry_mirrors, shown))
    if spec.install and facts.init == "systemd":
        unit = facts.units.get("docker.service")
        state = f"{unit.active_state}, {unit.unit_file_state}" if unit else "no unit"
        well = unit is not None and unit.active_state == "active" and unit.unit_file_state in STARTED_AT_BOOT
        checks.append(Check("service", well, state))
    login = facts.login
    if not login.is_root and login.name in spec.users:
        checks.append(Check(f"engine answers {login.name}", engine.user_access == "ok", engine.user_access))
    return tuple(checks)


def not_running(spec: Spec, facts: Facts) -> str:
    """What the success of a mere configuration must not hide: that no engine has taken it up yet; else ""."""
    if spec.install or facts.engine.running or not facts.engine.installed:
        return ""
    unit = facts.units.get("docker.service")
    if unit and unit.active_state in {"failed", "activating"}:
        return f"the engine does not run: docker.service is {unit.active_state}"
    return "the engine is stopped"
