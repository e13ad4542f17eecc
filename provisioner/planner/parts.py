"""The parts of a plan, in the order in which they happen on the host; each is (host, intent) -> Part."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provisioner.catalogue.packages import holdable
from provisioner.catalogue.platforms import taken_away
from provisioner.catalogue.registry_mirrors import mirror_warnings
from provisioner.facts.host import Host
from provisioner.plan.engine_steps import allow_users
from provisioner.plan.model import Restart
from provisioner.plan.package_steps import hold_packages
from provisioner.plan.part import Part, part
from provisioner.planner.daemon_config import daemon_step
from provisioner.planner.daemon_keys_check import daemon_warnings, refuse_kept
from provisioner.planner.daemon_refusals import refuse_conflicts
from provisioner.planner.intent import Intent, runs_an_earlier_one, source_choice
from provisioner.planner.missing_packages import missing_packages, missing_packages_step
from provisioner.planner.other_engines import other_engine_steps
from provisioner.planner.registry_files import registry_file_step
from provisioner.planner.service import service_step, start_of
from provisioner.planner.trial import next_flags
from provisioner.sources.choice import choose_source
from provisioner.strategies.docker_ce import PACKAGE, conflicting

PlanPart = Callable[[Host, Intent], Part]


def packages(host: Host, intent: Intent) -> Part:
    """The engine's packages, with all that stands in their way."""
    choice, platform = intent.choice, host.platform
    if choice is None and intent.spec.install and (completion := missing_packages_step(host, intent.spec)):
        return part(completion)
    if choice is None:
        return _source(host, intent)
    assert platform is not None  # noqa: S101 # the preflight refuses an unknown distribution
    steps = choice.strategy.steps(host, platform, choice.accept, intent.spec)
    restart = None
    if host.info:
        # Another engine with another containerd does not find the containers that live-restore keeps alive.
        switches = any(step.id == "conflicts" for step in steps)
        why = (
            "another engine takes the place of the running one"
            if switches
            else "the packages of the running engine change"
        )
        stops = 0 if host.info.live_restore and not switches else host.containers_running
        restart = Restart("restart", why, stops)
    warnings = (*choice.accept.notices, *_way_back(host))
    return part(*steps, warnings=warnings, restart=restart)


def _source(host: Host, intent: Intent) -> Part:
    """Where the packages of an engine that stays come from: what is missing of that, or not to be seen from here."""
    if not intent.reach:
        return Part()
    if intent.unsourced and host.platform:
        choice, why_none = source_choice(host, intent)
        if choice:
            return part(*choice.strategy.source_steps(host, host.platform, choice.accept, intent.spec))
        return Part(warnings=(f"the package source of {PACKAGE} stays as it is: {intent.unsourced}; {why_none}",))
    unanswered = choose_source(intent.reach, host.facts, intent.spec)
    if unanswered.reach:
        return Part()
    return Part(warnings=(f"whether there is a newer engine could not be found out: {unanswered.why_none}",))


def _way_back(host: Host) -> Iterator[str]:
    """Where the way back depends on others: dpkg's packages are packed again from their files, rpm's cannot be."""
    facts = host.facts
    if facts.package_manager != "apt" and {*taken_away()} & {*facts.packages}:
        yield (
            "if the new engine fails, the present packages come back as far as a source of this host still has them; "
            "those that none has are named before anything changes"
        )


def storage(host: Host, intent: Intent) -> Part:
    """What must be done before the engine starts with its storage driver."""
    del host
    return part(*intent.storage.steps, warnings=intent.storage.warnings)


def registries(host: Host, intent: Intent) -> Part:
    """Mirrors and certificates that dockerd reads from files of their own."""
    return part(registry_file_step(host, intent.spec, intent.version, installs=intent.installs))


def other_engines(host: Host, intent: Intent) -> Part:
    """The same mirrors for the engines of --also."""
    steps, notes = other_engine_steps(host.facts, intent.spec)
    return part(*steps, warnings=notes)


def engine(host: Host, intent: Intent) -> Part:
    """The daemon's configuration, and that it runs with it, now and after a reboot."""
    spec, wanted = intent.spec, intent.daemon
    configuration, restart = daemon_step(
        host, wanted, installs=intent.installs, version=intent.version, take_over=spec.take_over
    )
    if configuration is not None:
        refuse_conflicts(host, wanted)
    if configuration is not None and not intent.installs:
        refuse_kept(host, wanted, intent.version)
    outlived = not intent.installs and runs_an_earlier_one(host, spec)
    service = (
        service_step(
            host.facts,
            installs=intent.installs,
            configured=configuration is not None,
            containerd="containerd" in " ".join(missing_packages(host)),
            outlived=outlived,
            flags=next_flags(host),
            replaces=_replaces(host, intent),
        )
        if spec.install
        else None
    )
    if service and (restart.how == "none" or outlived):
        restart = start_of(host.facts, outlived=outlived)
    others = [url for mirrors in spec.other_registry_mirrors.values() for url in mirrors]
    known = daemon_warnings(host, wanted, intent.version, restarts=restart.how == "restart")
    warnings = [*known, *mirror_warnings([*(spec.registry_mirrors or ()), *others])]
    return part(configuration, service, warnings=warnings, restart=restart)


def _replaces(host: Host, intent: Intent) -> bool:
    """Another engine's packages make room, and take the states of their units with them."""
    takes_room = intent.choice is not None and intent.choice.name != "distro-packages"
    return takes_room and host.platform is not None and bool(conflicting(host.facts, host.platform))


def users(host: Host, intent: Intent) -> Part:
    """Who may use the engine."""
    wanted = [user for user in intent.spec.users if user not in (host.facts.docker_group or ())]
    return part(allow_users(wanted) if intent.spec.install and wanted else None)


def hold(host: Host, intent: Intent) -> Part:
    """Who may upgrade the engine."""
    facts = host.facts
    if not (intent.spec.install and intent.spec.hold):
        return Part()
    if facts.package_manager == "none":
        return Part(warnings=("--hold: there is no package manager here that could change the engine",))
    loose = [name for name in holdable() if name in facts.packages and name not in facts.held]
    step = hold_packages(holdable(), manager=facts.package_manager) if loose or intent.installs else None
    return part(step)


PARTS: tuple[PlanPart, ...] = (packages, storage, registries, other_engines, engine, users, hold)
