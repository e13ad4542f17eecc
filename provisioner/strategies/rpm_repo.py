"""docker-ce from a yum/dnf repository: own .repo file with the literal major release, key pinned by fingerprint."""

from __future__ import annotations

import re

from provisioner.catalogue.platforms import Platform
from provisioner.catalogue.versions import order
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.host_files.openpgp import armoured
from provisioner.plan.files import source_changes, write_files
from provisioner.plan.model import Step
from provisioner.plan.package_steps import rpm_install
from provisioner.scripts.render import file_text
from provisioner.sources.leftovers import leftovers
from provisioner.sources.reach import RPM_KEY, RPM_REPOSITORY, SourceReach, configured_base, sources_to_ask
from provisioner.strategies import docker_ce
from provisioner.strategies.strategy import Accept, Questions, Reject
from provisioner.wanted.spec import Spec

MODULAR = "8"
"""Enterprise Linux 8 has runc and podman in a module that hides containerd.io (docker-install#230)."""


def questions(host: Host, platform: Platform, spec: Spec) -> Questions:
    if _is_foreign(host.facts, platform):
        return Questions()
    return Questions(sources_to_ask(platform, host.facts, spec))


def installed(host: Host) -> str:
    return docker_ce.installed(host, apt=False)


def consider(host: Host, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    if _is_foreign(host.facts, platform):
        return Reject("not a dnf or yum system", foreign=True)
    if not platform.suites:
        return Reject(f"Docker builds no packages for {platform.name}")
    return docker_ce.from_best_source(host, reach, spec)


def steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    assert accept.reach is not None  # noqa: S101 # consider() accepts with a source only
    facts, found = host.facts, accept.reach
    room = docker_ce.room_for(facts, platform, dict(accept.packages), spec)
    packages = [_pinned(name, version, spec) for name, version in accept.packages]
    down = _downwards(facts, accept)
    planned = [
        docker_ce.system_update(facts, spec),
        docker_ce.make_room(facts, room),
        *source_steps(host, platform, accept, spec),
        rpm_install(
            "packages",
            "install " + " ".join(packages),
            "all engine packages at one version",
            [name for name in packages if name not in down],
            manager=facts.package_manager,
            going=room.packages,
            downgrade=down,
            exact=[name for name in packages if "*" not in name],
            held=facts.held & {name for name, _ in accept.packages},
            released=facts.held & {*room.packages},
            doubled=facts.half_configured,
            guard=bool(room.packages) or not facts.engine.running,
            key_file=RPM_KEY,
            key_id=found.source.fingerprint[-8:].lower(),
        ),
    ]
    return tuple(step for step in planned if step)


def _is_foreign(facts: Facts, platform: Platform) -> bool:
    return facts.package_manager not in {"dnf5", "dnf", "yum"} or platform.family != "rpm"


def source_steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step | None, ...]:
    """Return what sets up the source that was accepted, and nothing else."""
    assert accept.reach is not None  # noqa: S101 # as in steps()
    facts, found = host.facts, accept.reach
    repository = file_text(
        "docker-ce.repo.j2",
        uri=f"{found.source.base}/linux/{found.suite.directory}",
        release=found.suite.name,
        channel=spec.channel,
        base_arch=facts.arch,
        key_file=RPM_KEY,
        module_hotfixes=found.suite.name == MODULAR,
    )
    if configured_base(facts, platform) == found.source.base:
        repository += _connection(facts)
    rewrite, remove = leftovers(facts, RPM_REPOSITORY)
    write = {RPM_KEY: armoured(found.key), RPM_REPOSITORY: repository, **rewrite}
    step = write_files(
        "source",
        f"use the packages of {found.source.base}",
        f"{accept.why}; key {found.source.fingerprint}",
        source_changes(facts, write=write, remove=remove),
    )
    return (step,)


def _connection(facts: Facts) -> str:
    """How the repository that is set up is reached, as somebody has written it: login, certificates, proxy."""
    file = facts.file(RPM_REPOSITORY)
    settings = r"(?m)^(?:username|password|ssl\w+|proxy\w*)[ \t]*=.*$"
    return "".join(f"{line}\n" for line in dict.fromkeys(re.findall(settings, file.text if file else "")))


def _pinned(name: str, version: str, spec: Spec) -> str:
    """`name-version-release` without the epoch, which differs between the packages.

    Where no list could be read, a pattern: 28.3 is every 28.3.x, 28.3.1 that one alone.
    """
    if version:
        return f"{name}-{version.rpartition(':')[2]}"
    if spec.version in {None, "latest"} or not name.startswith("docker-ce"):
        return name
    return f"{name}-{spec.version}-*" if str(spec.version).count(".") == 2 else f"{name}-{spec.version}.*"


def _downwards(facts: Facts, accept: Accept) -> list[str]:
    """Those that are installed in a newer version: yum installs no older one unless it is told to downgrade."""
    return [
        f"{name}-{version.rpartition(':')[2]}"
        for name, version in accept.packages
        if version and name in facts.packages and order(facts.packages[name]) > order(version)
    ]
