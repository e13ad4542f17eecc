"""plan(facts, reach, spec): what to do on one host, decided without touching it."""

from __future__ import annotations

from dataclasses import replace

from provisioner.errors import PrivilegeError, UnsupportedError
from provisioner.facts.model import Facts
from provisioner.package_sources import package_sources
from provisioner.planning.daemon_config import daemon_step
from provisioner.planning.daemon_keys_check import daemon_warnings, engine_version
from provisioner.planning.model import Plan, Rejected, Restart, Step
from provisioner.platforms import Match, Platform, platform_of
from provisioner.reach import Source, SourceReach, sources_to_ask
from provisioner.spec import Spec
from provisioner.strategies import STRATEGIES, Strategy
from provisioner.strategies.decision import LOCK_TIMEOUT, Accept, Reject
from provisioner.versions import newer, satisfies, upstream

OLDEST_KERNEL = (3, 10)
HOLDABLE = (
    "docker-ce", "docker-ce-cli", "docker-ce-rootless-extras", "containerd.io", "docker-buildx-plugin",
    "docker-compose-plugin", "docker.io", "docker-cli", "moby-engine", "moby", "docker-engine", "docker",
)  # fmt: skip


def sources_needed(facts: Facts, spec: Spec) -> tuple[Source, ...]:
    """Return the package sources that must be asked before planning; none when nothing is to be installed."""
    match = platform_of(facts.os, facts.package_manager)
    if not match or not must_install(facts, spec) or spec.strategy == "distro-packages":
        return ()
    _refuse_unsuitable(facts, spec)
    _refuse_version(match.platform, spec)
    return sources_to_ask(match.platform, facts, spec)


def must_install(facts: Facts, spec: Spec) -> bool:
    if not spec.install:
        return False
    if not facts.engine.installed or facts.half_configured:
        return True
    if spec.strategy not in {"auto", _installed_by(facts)}:
        return True
    return spec.version is not None and not satisfies(_installed_version(facts), spec.version)


def plan(host: str, facts: Facts, reach: tuple[SourceReach, ...], spec: Spec) -> Plan:
    """Return the plan; empty when the host is as wanted.

    Raises:
        UnsupportedError: this host cannot be brought there; everything that was detected is in the message.
        ApplyError, DaemonConfigurationError: its configuration is in a state that must not be touched.
        PrivilegeError: something is to be done and the account cannot become root.
    """
    _refuse_unsuitable(facts, spec)
    match = platform_of(facts.os, facts.package_manager)
    platform = match.platform if match else None
    steps: list[Step] = []
    rejected: tuple[Rejected, ...] = ()
    installed = _installed_by(facts)
    strategy = installed or ("existing" if facts.engine.installed else "")
    warnings = list(_warnings(facts))
    installs = must_install(facts, spec)
    if installs:
        if platform is None:
            raise unknown_distribution(facts)
        _refuse_version(platform, spec)
        warnings += _about(match)
        chosen, accept, rejected = _choose(facts, platform, reach, spec)
        warnings += accept.notices
        strategy = chosen.NAME
        steps += chosen.steps(facts, platform, accept, spec)
    coming = _coming_version(accept, spec) if installs else engine_version(facts)
    configuration, restart = daemon_step(facts, spec.daemon_configuration, installs=installs, version=coming)
    if configuration:
        steps.append(configuration)
    if installs and facts.engine.info:
        info = facts.engine.info
        stops = 0 if info.live_restore else info.containers_running
        restart = Restart("restart", "the packages of the running engine change", stops)
    warnings += daemon_warnings(facts, spec.daemon_configuration, coming)
    if spec.install:
        service = _service_step(facts, installs=installs, configured=configuration is not None)
        if service:
            steps.append(service)
            if restart.how == "none":
                restart = Restart("start", "the engine does not run")
    if spec.install:
        steps += _finishing_steps(facts, spec, platform, installs=installs)
    if steps and not facts.as_root:
        raise PrivilegeError(
            f"there is something to change here, and {facts.login.name} cannot become root: {facts.login.sudo_message}",
            hint="log in as root, allow sudo without a password, or give the password with -K",
        )
    return replace(
        Plan(host, platform.slug if platform else facts.os.id, strategy),
        steps=tuple(steps),
        rejected=rejected,
        warnings=tuple(warnings),
        restart=restart,
        init=facts.init,
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


def _about(match: Match | None) -> list[str]:
    """What is to be known of the platform before something is installed on it."""
    if match is None:
        return []
    notices = [match.notice] if match.notice else []
    if match.platform.ended:
        last = f"; the last engine for it is {match.platform.last_engine}" if match.platform.last_engine else ""
        notices.append(f"Docker builds nothing for {match.platform.name} since {match.platform.ended}{last}")
    return notices


def _refuse_version(platform: Platform, spec: Spec) -> None:
    """A version that was never built for the platform is refused before anything is asked or downloaded."""
    elsewhere = spec.strategy == "distro-packages" or "://" in spec.source
    if elsewhere or not platform.last_engine or spec.version in {None, "latest"}:
        return
    if newer(str(spec.version), platform.last_engine):
        raise UnsupportedError(
            f"Docker Engine {spec.version} was never built for {platform.name}: the last engine built for it is "
            f"{platform.last_engine}, builds ended on {platform.ended}",
            hint=f"ask for --docker-version {platform.last_engine.partition('.')[0]}, or upgrade the distribution",
        )


def _refuse_unsuitable(facts: Facts, spec: Spec) -> None:
    if facts.kernel_version < OLDEST_KERNEL and spec.install:
        raise UnsupportedError(
            f"the kernel is {facts.kernel}; Docker Engine needs 3.10 or newer",
            hint="upgrade the kernel or the distribution first",
        )
    if facts.snap:
        raise UnsupportedError(
            "Docker is installed as a snap here, which keeps another configuration and would fight over the socket",
            hint="`snap remove docker` first (its images go with it), then run the command again",
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


def unknown_distribution(facts: Facts) -> UnsupportedError:
    """The error that says everything that was detected of a distribution no row leads to."""
    os = facts.os
    return UnsupportedError(
        f"no way is known to install Docker Engine on this distribution. Detected: id={os.id or '?'} "
        f"version={os.version_id or '?'} codename={os.codename or '?'} like={' '.join(os.id_like) or '?'} "
        f"name={os.name!r} arch={facts.arch} kernel={facts.kernel} init={facts.init} "
        f"package manager={facts.package_manager}",
        hint="install Docker by the distribution's own means; `provisioner mirror set` works on any running engine",
    )


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


def _engine_package(facts: Facts) -> tuple[str, str]:
    """The strategy whose package the engine comes from, and that package; both "" when it came another way."""
    if "docker-ce" in facts.packages:
        return ("apt-repo" if facts.package_manager == "apt" else "rpm-repo"), "docker-ce"
    match = platform_of(facts.os, facts.package_manager)
    own = match.platform.distro_packages if match else ()
    name = next((name for name in own if name in facts.packages), "")
    return ("distro-packages", name) if name else ("", "")


def _installed_by(facts: Facts) -> str:
    return _engine_package(facts)[0]


def _installed_version(facts: Facts) -> str:
    return facts.packages.get(_engine_package(facts)[1], "")


def _coming_version(accept: Accept, spec: Spec) -> str:
    """The version that will be installed, as far as it is known exactly."""
    wanted = spec.version if spec.version and spec.version.count(".") == 2 else ""
    return upstream(dict(accept.packages).get("docker-ce", wanted))


def _service_step(facts: Facts, *, installs: bool, configured: bool) -> Step | None:
    unit = facts.units.get("docker.service")
    runs = facts.engine.info is not None and not installs
    enabled = {
        "systemd": unit is not None and unit.unit_file_state in {"enabled", "enabled-runtime", "static"},
        "none": True,
    }.get(facts.init, facts.starts_at_boot)
    if runs and enabled:
        return None
    params = {"enable": not enabled, "config_changed": "start" if configured else ""}
    todo = " and ".join(word for word, needed in (("enable", not enabled), ("start", not runs)) if needed)
    why = facts.engine.error or ("newly installed" if installs else "it should run, now and after a reboot")
    return Step("service", f"{todo} the engine", why, "!", "service", params)


def _warnings(facts: Facts) -> tuple[str, ...]:
    warnings = []
    if facts.init == "none":
        warnings.append("there is no init system here: nothing restarts the engine after a reboot")
    if facts.engine.client.startswith("/usr/local/"):
        warnings.append(f"the docker client on PATH is {facts.engine.client}, which no package keeps up to date")
    return tuple(warnings)
