"""docker-ce from an apt repository: deb822 source, armoured key pinned by fingerprint.

apt before 1.4 reads no armoured keys and apt before 1.1 no deb822: releases that have it get a one-line source and a
binary key below trusted.gpg.d, and apt before 1.5 a package that teaches it https.
"""

from __future__ import annotations

import base64

from provisioner.catalogue.platforms import Platform
from provisioner.facts.model import Facts
from provisioner.host_files.openpgp import armoured, binary
from provisioner.plan.model import Step
from provisioner.plan.write_files import write_files
from provisioner.scripts.render import file_text
from provisioner.sources.leftovers import leftovers, old_keys
from provisioner.sources.reach import APT_KEY, SourceReach
from provisioner.strategies.decision import LOCK_TIMEOUT, Accept, Reject, choose_source, remove_conflicts
from provisioner.strategies.system_update import system_update
from provisioner.wanted.spec import Spec

NAME = "apt-repo"
SOURCE = "/etc/apt/sources.list.d/docker.sources"
OLD_SOURCE = "/etc/apt/sources.list.d/docker.list"
OLD_KEY = "/etc/apt/trusted.gpg.d/docker.gpg"
ARMOUR, HTTPS = (1, 4), (1, 5)
ARM = {"armv6l": 6, "armv7l": 7, "armv8l": 8, "aarch64": 8}


def consider(facts: Facts, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    if facts.package_manager != "apt" or platform.family != "deb":
        return Reject("not an apt system")
    if not platform.suites:
        return Reject(f"Docker builds no packages for {platform.name}")
    if ARM.get(facts.arch, 99) < platform.oldest_arm:
        return Reject(f"the packages for {platform.name} need ARMv{platform.oldest_arm}, this is {facts.arch}")
    return choose_source(reach, facts, spec)


def steps(facts: Facts, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    assert accept.reach is not None  # noqa: S101 # consider() accepts with a source only
    base = accept.reach.source.base
    source_file = OLD_SOURCE if _is_old(platform) else SOURCE
    packages = [f"{name}={version}" if version else name for name, version in accept.packages]
    planned = [
        system_update(facts, spec),
        _prerequisites(facts, platform, base),
        remove_conflicts(facts, platform, "apt_remove"),
        *_source(facts, platform, accept, spec),
        Step(
            "packages",
            "install " + " ".join(packages),
            "all engine packages at one version",
            "+",
            "apt_install",
            {
                "packages": packages,
                "held": sorted(facts.held & {name for name, _ in accept.packages}),
                "refresh": "all" if spec.update and not facts.package_lists else "source",
                "source_file": source_file,
                "version_prefix": "",
                "flags": [] if _is_old(platform) else ["--allow-downgrades"],
                "lock_timeout": LOCK_TIMEOUT,
            },
        ),
    ]
    return tuple(step for step in planned if step)


def _is_old(platform: Platform) -> bool:
    return bool(platform.apt) and platform.apt < ARMOUR


def _prerequisites(facts: Facts, platform: Platform, base: str) -> Step | None:
    needed = [] if facts.ca_certificates else ["ca-certificates"]
    if platform.apt and platform.apt < HTTPS and "apt-transport-https" not in facts.packages:
        needed.append("apt-transport-https")
    if not base.startswith("https://") or not needed:
        return None
    params = {"packages": needed, "lock_timeout": LOCK_TIMEOUT}
    why = "the package source is reached over https"
    return Step("prerequisites", f"install {' '.join(needed)}", why, "+", "apt_prerequisites", params)


def _source(facts: Facts, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step | None, ...]:
    assert accept.reach is not None  # noqa: S101 # as in steps()
    found = accept.reach
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
        why = "this apt reads binary keys alone"
        key = Step("key", f"trust the key {found.source.fingerprint}", why, "+", "apt_binary_key", {"path": key_path, "base64": encoded})  # fmt: skip # noqa: E501
    write = {path: text, **rewrite} if old else {key_path: armoured(found.key), path: text, **rewrite}
    return key, write_files(
        "source",
        f"use the packages of {found.source.base}",
        f"{accept.why}; key {found.source.fingerprint}",
        facts,
        write=write,
        remove=(*remove, *old_keys(facts, key_path)),
    )
