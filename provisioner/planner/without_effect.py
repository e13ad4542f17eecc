"""Settings that were given and change nothing on a host: each is told with the reason."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.facts.host import Host
from provisioner.planner.intent import Intent, comes_from_a_source, follows_the_newest, installed_by, installed_version
from provisioner.wanted.spec import Spec

SOURCES = frozenset({"apt-repo", "rpm-repo", "convenience-script"})
SCRIPT = frozenset({"convenience-script"})
PACKAGES = frozenset({"apt-repo", "rpm-repo", "distro-packages"})
READ_BY = {
    "channel": SOURCES,
    "source": SOURCES,
    "source_fingerprint": SOURCES - SCRIPT,
    "script_url": SCRIPT,
    "script_sha256": SCRIPT,
    "system_update": PACKAGES,
}
"""Fields of the wanted state that strategies read when they install, and which strategies those are."""

OF_A_SOURCE = frozenset({"channel", "source", "source_fingerprint"})
"""Those that an engine which is installed follows as well, when it comes from a package source."""


def without_effect(host: Host, intent: Intent, spec: Spec) -> Iterator[str]:
    """Yield a sentence for each field of the wanted state that was given and changes nothing here."""
    if not spec.install:
        return
    said = spec.model_fields_set
    for field in READ_BY:
        if field in said and getattr(spec, field) and not _has_effect(host, intent, spec, field):
            yield f"--{field.replace('_', '-')} changes nothing here: {_why(host, intent, field)}"
    if spec.version == "latest" and not intent.installs and not follows_the_newest(host, spec):
        told = "only a package source of Docker's tells of newer ones"
        yield f"--docker-version latest changes nothing here: {_stays(host)}; {told}"
    driver = host.info.storage_driver if host.info else ""
    if spec.storage and not intent.installs and spec.storage.driver != driver:
        kept = f"{_stays(host)}, with its images in {driver or 'its own storage'}"
        yield f"storage: {spec.storage.driver} changes nothing here: {kept}"
    if spec.hold and not intent.installs and not installed_version(host):
        yield f"--hold changes nothing here: {_stays(host)}"


def _has_effect(host: Host, intent: Intent, spec: Spec, field: str) -> bool:
    if intent.choice is None:
        return field in OF_A_SOURCE and comes_from_a_source(host, spec)
    return intent.choice.name in READ_BY[field]


def _why(host: Host, intent: Intent, field: str) -> str:
    if intent.choice is None:
        return _stays(host)
    if intent.choice.name == "distro-packages":
        return "the engine comes from the distribution"
    if field == "system_update":
        return "the installation script upgrades nothing else"
    if field.startswith("script"):
        return "the engine comes from a package source, and no script is run"
    return "the installation script trusts its source by itself"


def _stays(host: Host) -> str:
    engine = host.facts.engine
    if not installed_by(host):
        return f"the engine in {engine.dockerd} stays, which no package brought"
    return f"{engine.package or 'the engine'} {installed_version(host)} is installed and stays"
