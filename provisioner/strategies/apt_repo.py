"""docker-ce from an apt repository: deb822 source, armoured key pinned by fingerprint.

apt before 1.4 reads no armoured keys and apt before 1.1 no deb822: releases that have it get a one-line source and a
binary key below trusted.gpg.d, and apt before 1.5 a package that teaches it https.
"""

from __future__ import annotations

import base64

from provisioner.catalogue.platforms import Platform
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.host_files.openpgp import armoured, binary
from provisioner.plan.files import source_changes, write_files
from provisioner.plan.model import Step
from provisioner.plan.package_steps import apt_install, apt_prerequisites, trust_apt_key
from provisioner.preflight.forbidden import refuse_pinned
from provisioner.scripts.render import file_text
from provisioner.sources.leftovers import leftovers, old_keys
from provisioner.sources.reach import APT_KEY, SourceReach, sources_to_ask
from provisioner.strategies import docker_ce
from provisioner.strategies.strategy import Accept, Questions, Reject
from provisioner.wanted.spec import Spec

SOURCE = "/etc/apt/sources.list.d/docker.sources"
OLD_SOURCE = "/etc/apt/sources.list.d/docker.list"
OLD_KEY = "/etc/apt/trusted.gpg.d/docker.gpg"
ARMOUR, HTTPS = (1, 4), (1, 5)
ARM = {"armv6l": 6, "armv7l": 7, "armv8l": 8, "aarch64": 8}


def questions(host: Host, platform: Platform, spec: Spec) -> Questions:
    if _is_foreign(host.facts, platform):
        return Questions()
    return Questions(sources_to_ask(platform, host.facts, spec))


def installed(host: Host) -> str:
    return docker_ce.installed(host, apt=True)


def consider(host: Host, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    arch = host.facts.arch
    if _is_foreign(host.facts, platform):
        return Reject("not an apt system", foreign=True)
    if not platform.suites:
        return Reject(f"Docker builds no packages for {platform.name}")
    if ARM.get(arch, 99) < platform.oldest_arm:
        return Reject(f"the packages for {platform.name} need ARMv{platform.oldest_arm}, this is {arch}")
    return docker_ce.from_best_source(host, reach, spec)


def steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    assert accept.reach is not None  # noqa: S101 # consider() accepts with a source only
    facts, old = host.facts, _is_old(platform)
    refuse_pinned(facts, accept.packages, accept.reach.source, spec.channel)
    room = docker_ce.room_for(facts, platform, dict(accept.packages), spec)
    packages = [f"{name}={version}" if version else name for name, version in accept.packages]
    planned = [
        docker_ce.system_update(facts, spec),
        _prerequisites(facts, platform, accept.reach.source.base),
        docker_ce.make_room(facts, room),
        *source_steps(host, platform, accept, spec),
        apt_install(
            "install " + " ".join(packages),
            "all engine packages at one version",
            packages,
            going=room.packages,
            held=facts.held & {name for name, _ in accept.packages},
            released=facts.held & {*room.packages},
            refresh="all" if spec.update and not facts.package_lists else "source",
            renew=spec.update and facts.package_lists > 0,
            source_file=OLD_SOURCE if old else SOURCE,
            downgrades=not old,
        ),
    ]
    return tuple(step for step in planned if step)


def _is_foreign(facts: Facts, platform: Platform) -> bool:
    return facts.package_manager != "apt" or platform.family != "deb"


def _is_old(platform: Platform) -> bool:
    return bool(platform.apt) and platform.apt < ARMOUR


def _prerequisites(facts: Facts, platform: Platform, base: str) -> Step | None:
    needed = [] if facts.ca_certificates else ["ca-certificates"]
    if platform.apt and platform.apt < HTTPS and "apt-transport-https" not in facts.packages:
        needed.append("apt-transport-https")
    if not base.startswith("https://") or not needed:
        return None
    return apt_prerequisites("prerequisites", "the package source is reached over https", needed)


def source_steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step | None, ...]:
    """Return what sets up the source that was accepted, and nothing else."""
    assert accept.reach is not None  # noqa: S101 # as in steps()
    facts, found = host.facts, accept.reach
    old = _is_old(platform)
    path, key_path = (OLD_SOURCE, OLD_KEY) if old else (SOURCE, APT_KEY)
    text = file_text(
        "docker.list.j2" if old else "docker.sources.j2",
        uri=f"{found.source.base}/linux/{found.suite.directory}",
        suite=found.suite.name,
        channel=spec.channel,
        arch=facts.package_arch,
        key_file=key_path,
    )
    rewrite, remove = leftovers(facts, path)
    key = None
    if old:
        encoded = base64.b64encode(binary(found.key)).decode()
        key = trust_apt_key(found.source.fingerprint, path=key_path, base64=encoded)
    write = {path: text, **rewrite} if old else {key_path: armoured(found.key), path: text, **rewrite}
    return key, write_files(
        "source",
        f"use the packages of {found.source.base}",
        f"{accept.why}; key {found.source.fingerprint}",
        source_changes(facts, write=write, remove=(*remove, *old_keys(facts, key_path))),
    )
