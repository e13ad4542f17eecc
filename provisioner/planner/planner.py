"""plan(facts, reach, spec): what to do on one host, decided without touching it."""

from __future__ import annotations

from dataclasses import replace

from provisioner.catalogue.package_sources import package_sources
from provisioner.catalogue.platforms import Platform
from provisioner.catalogue.registry_mirrors import mirror_warnings
from provisioner.catalogue.versions import order, satisfies, upstream
from provisioner.errors import UnsupportedError
from provisioner.facts.model import Facts
from provisioner.facts.platform import platform_of
from provisioner.host_files import daemon_json
from provisioner.plan.model import Plan, Rejected, Restart, Step
from provisioner.planner.daemon_config import daemon_step
from provisioner.planner.daemon_keys_check import daemon_warnings, engine_version
from provisioner.planner.installed import engine_package, installed_by, installed_version
from provisioner.planner.mirror_change import resolved
from provisioner.planner.other_engines import other_engine_steps
from provisioner.planner.registry_files import registry_file_step
from provisioner.planner.service import engine_warnings, service_step
from provisioner.planner.storage_driver import storage_choice
from provisioner.preflight import examine, plan_warnings, refusal
from provisioner.preflight.finding import Finding
from provisioner.preflight.privilege import require_root
from provisioner.sources.reach import Source, SourceReach, sources_to_ask
from provisioner.strategies import STRATEGIES, Strategy
from provisioner.strategies.decision import LOCK_TIMEOUT, Accept, Reject, choose_source
from provisioner.wanted.spec import Spec

HOLDABLE = (
    "docker-ce", "docker-ce-cli", "docker-ce-rootless-extras", "containerd.io", "docker-buildx-plugin",
    "docker-compose-plugin", "docker.io", "docker-cli", "moby-engine", "moby", "docker-engine", "docker",
)  # fmt: skip


def sources_needed(facts: Facts, spec: Spec) -> tuple[Source, ...]:
    """Return the package sources that must be asked before planning; none when nothing can be to install."""
    match = platform_of(facts.os, facts.package_manager)
    if not match or spec.strategy in {"distro-packages", "convenience-script"}:
        return ()
    if must_install(facts, spec):
        _fit(facts, spec, installs=True)
    elif not _follows_the_newest(facts, spec):
        return ()
    return sources_to_ask(match.platform, facts, spec)


def script_needed(facts: Facts, spec: Spec) -> bool:
    """Return whether the installation script must be fetched before planning."""
    if spec.strategy != "convenience-script" or not must_install(facts, spec):
        return False
    _fit(facts, spec, installs=True)
    return True


def must_install(facts: Facts, spec: Spec, reach: tuple[SourceReach, ...] = ()) -> bool:
    """True when packages of the engine are to be installed or changed.

    `latest` is judged by what the sources in `reach` offer; without them an installed engine is new enough.
    """
    if not spec.install:
        return False
    if not facts.engine.installed or facts.half_configured:
        return True
    if spec.strategy not in {"auto", installed_by(facts)} and not (
        spec.strategy == "convenience-script" and "docker-ce" in facts.packages  # the script leaves the same packages
    ):
        return True
    if _follows_the_newest(facts, spec):
        offered = choose_source(reach, facts, spec)
        newest = dict(offered.packages).get("docker-ce") if isinstance(offered, Accept) else None
        return bool(newest) and order(str(newest)) > order(installed_version(facts))
    return spec.version is not None and not satisfies(installed_version(facts), spec.version)


def plan(host: str, facts: Facts, reach: tuple[SourceReach, ...], spec: Spec) -> Plan:
    """Return the plan; empty when the host is as wanted.

    Raises:
        UnsupportedError: this host cannot be brought there; everything that was detected is in the message.
        BlockedError: the preflight found something else that would make an installation fail.
        ApplyError, DaemonConfigurationError: its configuration is in a state that must not be touched.
        PrivilegeError: something is to be done and the account cannot become root.
    """
    installs = must_install(facts, spec, reach)
    findings = _fit(facts, spec, installs=installs)
    spec = resolved(facts, spec)
    match = platform_of(facts.os, facts.package_manager)
    platform = match.platform if match else None
    steps: list[Step] = []
    rejected: tuple[Rejected, ...] = ()
    strategy = installed_by(facts) or ("existing" if facts.engine.installed else "")
    warnings = [
        *engine_warnings(facts),
        *plan_warnings(findings, installs=installs, mirrors=bool(spec.registry_mirrors)),
    ]
    if installs:
        assert platform is not None  # noqa: S101 # the preflight refuses an unknown distribution
        chosen, accept, rejected = _choose(facts, platform, reach, spec)
        warnings += accept.notices
        strategy = chosen.NAME
        steps += chosen.steps(facts, platform, accept, spec)
    elif reach and isinstance(unanswered := choose_source(reach, facts, spec), Reject):
        warnings.append(f"whether there is a newer engine could not be found out: {unanswered.reason}")
    coming = _coming_version(accept, spec) if installs else engine_version(facts)
    storage = storage_choice(facts, spec, coming or (platform.last_engine if platform else ""), installs=installs)
    steps += storage.steps
    warnings += storage.warnings
    registries = registry_file_step(facts, spec, coming, installs=installs)
    others, notes = other_engine_steps(facts, spec)
    steps += [step for step in (registries, *others) if step]
    warnings += notes
    wanted = spec.daemon_configuration | storage.daemon
    configuration, restart = daemon_step(facts, wanted, installs=installs, version=coming, take_over=spec.take_over)
    if configuration:
        steps.append(configuration)
    if installs and facts.engine.info:
        info = facts.engine.info
        # Another engine with another containerd does not find the containers that live-restore keeps alive.
        switches = any(step.id == "conflicts" for step in steps)
        stops = 0 if info.live_restore and not switches else info.containers_running
        why = (
            "another engine takes the place of the running one"
            if switches
            else "the packages of the running engine change"
        )
        restart = Restart("restart", why, stops)
    warnings += daemon_warnings(facts, wanted, coming)
    warnings += mirror_warnings(spec.registry_mirrors or ())
    if spec.install:
        service = service_step(facts, installs=installs, configured=configuration is not None)
        if service:
            steps.append(service)
            if restart.how == "none":
                restart = Restart("start", "the engine does not run")
    if spec.install:
        steps += _finishing_steps(facts, spec, platform, installs=installs)
    if steps:
        require_root(facts, "there is something to change here")
    return replace(
        Plan(host, platform.slug if platform else facts.os.id, strategy),
        steps=tuple(steps),
        rejected=rejected,
        warnings=tuple(warnings),
        restart=restart,
        init=facts.service_manager,
        engine_version="ask" if installs else facts.engine.info.version if facts.engine.info else "",
    )


def _finishing_steps(facts: Facts, spec: Spec, platform: Platform | None, *, installs: bool) -> list[Step]:
    """Who may use the engine, and who may upgrade it."""
    steps = []
    users = [user for user in spec.users if user not in (facts.docker_group or ())]
    if users:
        why = "members of group docker may use the engine; that is as good as root"
        steps.append(Step("users", f"let {' '.join(users)} use docker", why, "+", "docker_group", {"users": users}))
    if spec.hold and platform:
        loose = [name for name in HOLDABLE if name in facts.packages and name not in facts.held]
        if loose or installs:
            template = "apt_hold" if platform.family == "deb" else "rpm_hold"
            params = {"packages": HOLDABLE, "manager": facts.package_manager, "lock_timeout": LOCK_TIMEOUT}
            steps.append(Step("hold", "hold the packages", "--hold", "~", template, params))
    return steps


def _fit(facts: Facts, spec: Spec, *, installs: bool) -> tuple[Finding, ...]:
    """What the preflight found, when it found nothing that forbids what is wanted."""
    findings = examine(facts, spec, installs=installs)
    refused = refusal(findings)
    if refused:
        raise refused
    if installs and facts.daemon_json:
        daemon_json.parse(facts.daemon_json.text, facts.daemon_json.path)  # a broken one would stop the first start
    rootless = facts.other_engines.rootless
    if not spec.install and rootless and facts.engine.info is None:
        engine = rootless[0]
        raise UnsupportedError(
            f"the engine that runs here is a rootless one, of user {engine.user}, configured in {engine.config}; "
            "only engines of the system are changed",
            hint=f"as {engine.user}: edit {engine.config}, then systemctl --user restart docker",
        )
    if not spec.install and not facts.engine.installed:
        raise UnsupportedError(
            "there is no Docker Engine on this host",
            hint="install one first: provisioner apply " + facts.hostname,
        )
    known = package_sources()
    if spec.install and "://" not in spec.source and spec.source not in {"auto", *known}:
        raise UnsupportedError(
            f"there is no package source named {spec.source!r}",
            hint=f"known: auto, {', '.join(known)}, or a URL",
        )
    return findings


def _choose(
    facts: Facts, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec
) -> tuple[Strategy, Accept, tuple[Rejected, ...]]:
    rejected: list[Rejected] = []
    for strategy in STRATEGIES:
        answer: Accept | Reject
        if spec.strategy not in {"auto", strategy.NAME}:
            answer = Reject(f"--strategy {spec.strategy} was asked for")
        else:
            answer = strategy.consider(facts, platform, reach, spec)
        if isinstance(answer, Accept):
            rejected += [Rejected(f"source {name}", reason) for name, reason in answer.passed_over]
            return strategy, answer, tuple(rejected)
        rejected.append(Rejected(strategy.NAME, answer.reason))
    reasons = "\n".join(f"  {row.strategy}: {row.reason}" for row in rejected)
    raise UnsupportedError(
        f"there is no way to install Docker Engine on {platform.name}:\n{reasons}",
        hint="name a package source that this host reaches: --source NAME or --source URL",
    )


def _follows_the_newest(facts: Facts, spec: Spec) -> bool:
    return spec.install and spec.version == "latest" and engine_package(facts)[1] == "docker-ce"


def _coming_version(accept: Accept, spec: Spec) -> str:
    """The version that will be installed, as far as it is known exactly."""
    wanted = spec.version if spec.version and spec.version.count(".") == 2 else ""
    return upstream(dict(accept.packages).get("docker-ce", wanted))
