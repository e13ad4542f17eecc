"""docker-ce from a yum/dnf repository: own .repo file with the literal major release, key pinned by fingerprint."""

from __future__ import annotations

from provisioner.catalogue.platforms import Platform
from provisioner.catalogue.versions import order
from provisioner.facts.model import Facts
from provisioner.host_files.openpgp import armoured
from provisioner.plan.model import Step
from provisioner.plan.write_files import write_files
from provisioner.scripts.render import file_text
from provisioner.sources.leftovers import leftovers
from provisioner.sources.reach import RPM_KEY, RPM_REPOSITORY, SourceReach
from provisioner.strategies.decision import LOCK_TIMEOUT, Accept, Reject, choose_source, remove_conflicts
from provisioner.strategies.system_update import system_update
from provisioner.wanted.spec import Spec

NAME = "rpm-repo"
MODULAR = "8"
"""Enterprise Linux 8 has runc and podman in a module that hides containerd.io (docker-install#230)."""


def consider(facts: Facts, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    if facts.package_manager not in {"dnf5", "dnf", "yum"} or platform.family != "rpm":
        return Reject("not a dnf or yum system")
    if not platform.suites:
        return Reject(f"Docker builds no packages for {platform.name}")
    return choose_source(reach, facts, spec)


def steps(facts: Facts, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    assert accept.reach is not None  # noqa: S101 # consider() accepts with a source only
    found = accept.reach
    repository = file_text(
        "docker-ce.repo.j2",
        uri=f"{found.source.base}/linux/{found.suite.directory}",
        release=found.suite.name,
        channel=spec.channel,
        base_arch=facts.arch,
        key_file=RPM_KEY,
        module_hotfixes=found.suite.name == MODULAR,
    )
    rewrite, remove = leftovers(facts, RPM_REPOSITORY)
    packages = [_pinned(name, version, spec) for name, version in accept.packages]
    down = _downwards(facts, accept)
    planned = [
        system_update(facts, spec),
        remove_conflicts(facts, platform, "rpm_remove"),
        write_files(
            "source",
            f"use the packages of {found.source.base}",
            f"{accept.why}; key {found.source.fingerprint}",
            facts,
            write={RPM_KEY: armoured(found.key), RPM_REPOSITORY: repository, **rewrite},
            remove=remove,
        ),
        Step(
            "packages",
            "install " + " ".join(packages),
            "all engine packages at one version",
            "+",
            "rpm_install",
            {
                "packages": [name for name in packages if name not in down],
                "downgrade": down,
                "exact": [name for name in packages if "*" not in name],
                "held": sorted(facts.held & {name for name, _ in accept.packages}),
                "manager": facts.package_manager,
                "key_file": RPM_KEY,
                "key_id": found.source.fingerprint[-8:].lower(),
                "extras": "",
                "lock_timeout": LOCK_TIMEOUT,
            },
        ),
    ]
    return tuple(step for step in planned if step)


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
