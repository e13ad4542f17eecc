"""Checks of the wanted state: what `verify` looks at, and every change at its end."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.checks import single
from provisioner.facts.host import Host
from provisioner.plan.model import Check
from provisioner.planner.daemon_refusals import file_problems, told_twice
from provisioner.planner.mirror_change import resolved
from provisioner.planner.trial import start_doubts
from provisioner.wanted.spec import Spec


def verify_checks(host: Host, spec: Spec) -> tuple[Check, ...]:
    """Return every check with its result; the host is as wanted when all have passed."""
    if not spec.install and not host.facts.engine.running:
        return tuple(_stopped(host, resolved(host, spec)))
    return tuple(_checks(host, resolved(host, spec)))


def _stopped(host: Host, spec: Spec) -> Iterator[Check]:
    """The files are as wanted. Whether the engine starts with them is said as far as it is known."""
    wrong = [*file_problems(host), *([] if host.flags.doubt else told_twice(host))]
    if broken := host.daemon_json.broken:
        yield Check("engine", passed=False, detail=f"stopped; {broken.consequence}")
    elif wrong:
        yield Check("engine", passed=False, detail=f"stopped, and its next start fails: {'; '.join(wrong)}")
    elif unknown := start_doubts(host, spec.daemon_configuration):
        said = f"stopped, and whether it starts with this configuration is not known: {'; '.join(unknown)}"
        yield Check("engine", passed=False, detail=said)
    else:
        yield Check("engine", passed=True, detail="stopped; it takes the configuration at its next start")


def not_running(host: Host, spec: Spec) -> str:
    """Return that no engine has taken the configuration up yet, where only that was changed; else ""."""
    facts = host.facts
    if spec.install or facts.engine.running or not facts.engine.installed:
        return ""
    unit = facts.engine_unit
    if unit and unit.active_state in {"failed", "activating"}:
        return f"the engine does not run: docker.service is {unit.active_state}"
    return "the engine is stopped"


def _checks(host: Host, spec: Spec) -> Iterator[Check]:
    facts, engine, info = host.facts, host.facts.engine, host.info
    yield Check("engine answers", info is not None, info.version if info else engine.error or "it does not run")
    if info is None:
        return
    if spec.install:
        yield Check("client", bool(engine.client_version), engine.client_version or "there is no docker command")
    yield from single.version(host, spec)
    if spec.storage and spec.install:
        wanted = {"overlay2", "overlayfs", spec.storage.driver}
        yield Check("storage driver", info.storage_driver in wanted, info.storage_driver)
    yield from single.mirrors(host, spec)
    if spec.install:
        yield from single.service(host)
    login = facts.login
    if not login.is_root and login.name in spec.users:
        yield Check(f"engine answers {login.name}", engine.user_access == "ok", engine.user_access)
