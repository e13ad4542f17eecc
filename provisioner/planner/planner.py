"""plan(name, host, reach, spec): what to do on one host, decided without touching it."""

from __future__ import annotations

from provisioner.catalogue.package_sources import package_sources
from provisioner.errors import TARGET, UnsupportedError
from provisioner.facts.host import Host
from provisioner.plan.model import EngineProcess, Plan
from provisioner.plan.part import joined
from provisioner.planner import intent as intents
from provisioner.planner.intent import installed_by, intent_of, must_install
from provisioner.planner.parts import PARTS
from provisioner.planner.service import engine_warnings
from provisioner.planner.without_effect import without_effect
from provisioner.preflight import blocking_error, check, plan_warnings
from provisioner.preflight.finding import Finding
from provisioner.preflight.privilege import require_root
from provisioner.sources.reach import SourceReach
from provisioner.strategies.strategy import Questions
from provisioner.wanted.spec import Spec


def questions(host: Host, spec: Spec) -> Questions:
    """Return what must be asked from the host before planning; nothing when nothing can be to install.

    Raises:
        UnsupportedError, BlockedError, DaemonConfigurationError: see `plan`; asking would be in vain.
    """
    if host.platform and must_install(host, spec):
        _refuse(host, spec, installs=True)
    return intents.strategy_questions(host, spec)


def plan(name: str, host: Host, reach: tuple[SourceReach, ...], spec: Spec) -> Plan:
    """Return the plan for the host that is called `name`; empty when it is as wanted.

    Raises:
        UnsupportedError: this host cannot be brought there; everything that was detected is in the message.
        BlockedError: the preflight found something else that would make an installation fail.
        ApplyError, DaemonConfigurationError: its configuration is in a state that must not be touched.
        PrivilegeError: something is to be done and the account cannot become root.
    """
    installs = must_install(host, spec, reach)
    findings = _refuse(host, spec, installs=installs)
    intent = intent_of(host, reach, spec)
    choice, facts = intent.choice, host.facts
    whole = joined(part(host, intent) for part in PARTS)
    if whole.steps:
        require_root(facts, "there is something to change here")
    mirrors = bool(intent.spec.registry_mirrors)
    return Plan(
        name,
        host.slug,
        choice.name if choice else installed_by(host) or ("existing" if facts.engine.installed else ""),
        steps=whole.steps,
        rejected=choice.rejected if choice else (),
        warnings=(
            *engine_warnings(facts),
            *plan_warnings(findings, installs=installs, mirrors=mirrors),
            *whole.warnings,
            *without_effect(host, intent, spec),
        ),
        restart=whole.restart,
        init=facts.service_manager,
        engine=EngineProcess.of(facts.engine, installs=installs),
        engine_version="ask" if installs else host.info.version if host.info else "",
    )


def _refuse(host: Host, spec: Spec, *, installs: bool) -> tuple[Finding, ...]:
    """Return what the preflight found, when nothing forbids what is wanted."""
    facts = host.facts
    findings = check(host, spec, installs=installs)
    if refused := blocking_error(findings):
        raise refused
    if installs:
        _ = host.daemon_json.required  # a broken one would stop the first start
    rootless = facts.other_engines.rootless
    if not spec.install and rootless and host.info is None:
        engine = rootless[0]
        raise UnsupportedError(
            f"the engine that runs here is a rootless one, of user {engine.user}, configured in {engine.config}; "
            "only engines of the system are changed",
            hint=f"as {engine.user}: edit {engine.config}, then systemctl --user restart docker",
        )
    if not spec.install and not facts.engine.installed:
        raise UnsupportedError(
            "there is no Docker Engine on this host",
            hint=f"install one first: provisioner apply {TARGET}",
        )
    known = package_sources()
    if spec.install and "://" not in spec.source and spec.source not in {"auto", *known}:
        raise UnsupportedError(
            f"there is no package source named {spec.source!r}",
            hint=f"known: auto, {', '.join(known)}, or a URL",
        )
    return findings
