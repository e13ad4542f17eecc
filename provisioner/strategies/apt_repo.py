"""docker-ce from an apt repository: deb822 source, armoured key pinned by fingerprint."""

from __future__ import annotations

from provisioner.facts.model import Facts
from provisioner.openpgp import armoured
from provisioner.planning.model import Step
from provisioner.reach import SourceReach
from provisioner.render import file_text
from provisioner.spec import Spec
from provisioner.strategies.decision import LOCK_TIMEOUT, Accept, Reject, choose_source, remove_conflicts
from provisioner.strategies.files import write_files
from provisioner.tables import Platform

NAME = "apt-repo"
PACKAGE = "docker-ce"
KEY = "/etc/apt/keyrings/docker.asc"
SOURCE = "/etc/apt/sources.list.d/docker.sources"
STALE_LISTS = ("/etc/apt/sources.list.d/docker.list", "/etc/apt/sources.list.d/docker-ce.list")


def consider(facts: Facts, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    if facts.package_manager != "apt" or platform.family != "deb":
        return Reject("not an apt system")
    if not platform.repository:
        return Reject(f"Docker builds no packages for {platform.name}")
    return choose_source(reach, spec)


def steps(facts: Facts, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    assert accept.reach is not None  # noqa: S101 # consider() accepts with a source only
    base = accept.reach.source.base
    planned: list[Step | None] = []
    if base.startswith("https://") and not facts.ca_certificates:
        planned.append(
            Step(
                "prerequisites",
                "install ca-certificates",
                "the package source is reached over https",
                "+",
                "apt_prerequisites",
                {"packages": ["ca-certificates"], "lock_timeout": LOCK_TIMEOUT},
            )
        )
    planned.append(remove_conflicts(facts, platform, "apt_remove"))
    source = file_text(
        "docker.sources.j2",
        uri=f"{base}/linux/{platform.repository}",
        suite=platform.suite,
        channel=spec.channel,
        arch=facts.package_arch,
        key_file=KEY,
    )
    stale = tuple(path for path in STALE_LISTS if facts.file(path))
    planned.append(
        write_files(
            "source",
            f"use the packages of {base}",
            f"{accept.why}; key {accept.reach.source.fingerprint}",
            facts,
            write={KEY: armoured(accept.reach.key), SOURCE: source},
            remove=stale,
        )
    )
    planned.append(
        Step(
            "packages",
            "install " + " ".join(f"{name}={version}" for name, version in accept.packages),
            "all engine packages at one version",
            "+",
            "apt_install",
            {
                "packages": [f"{name}={version}" for name, version in accept.packages],
                "refresh": "source" if facts.package_lists else "all",
                "source_file": SOURCE,
                "version_prefix": "",
                "flags": ["--allow-downgrades", "--allow-change-held-packages"],
                "lock_timeout": LOCK_TIMEOUT,
            },
        )
    )
    return tuple(step for step in planned if step)
