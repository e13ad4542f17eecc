"""docker-ce from a yum/dnf repository: own .repo file with the literal major release, key pinned by fingerprint."""

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

NAME = "rpm-repo"
PACKAGE = "docker-ce"
KEY = "/etc/pki/rpm-gpg/RPM-GPG-KEY-docker"
REPOSITORY = "/etc/yum.repos.d/docker-ce.repo"


def consider(facts: Facts, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    if facts.package_manager not in {"dnf5", "dnf", "yum"} or platform.family != "rpm":
        return Reject("not a dnf or yum system")
    if not platform.repository:
        return Reject(f"Docker builds no packages for {platform.name}")
    return choose_source(reach, spec)


def steps(facts: Facts, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    assert accept.reach is not None  # noqa: S101 # consider() accepts with a source only
    base = accept.reach.source.base
    planned: list[Step | None] = []
    planned.append(remove_conflicts(facts, platform, "rpm_remove"))
    repository = file_text(
        "docker-ce.repo.j2",
        uri=f"{base}/linux/{platform.repository}",
        release=platform.suite,
        channel=spec.channel,
        base_arch=facts.arch,
        key_file=KEY,
    )
    planned.append(
        write_files(
            "source",
            f"use the packages of {base}",
            f"{accept.why}; key {accept.reach.source.fingerprint}",
            facts,
            write={KEY: armoured(accept.reach.key), REPOSITORY: repository},
        )
    )
    # The two packages have different epochs, and a pin names neither.
    names = [f"{name}-{version.rpartition(':')[2]}" for name, version in accept.packages]
    planned.append(
        Step(
            "packages",
            "install " + " ".join(names),
            "all engine packages at one version",
            "+",
            "rpm_install",
            {
                "packages": names,
                "manager": facts.package_manager,
                "key_file": KEY,
                "flags": [],
                "lock_timeout": LOCK_TIMEOUT,
            },
        )
    )
    return tuple(step for step in planned if step)
