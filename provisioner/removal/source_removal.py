"""Steps that take away the package source of an engine and the key that signs it."""

from __future__ import annotations

from contextlib import suppress

from provisioner.catalogue.package_sources import docker_key
from provisioner.facts.model import Facts
from provisioner.host_files.openpgp import fingerprints
from provisioner.plan.files import source_changes, write_files
from provisioner.plan.model import Step
from provisioner.plan.package_steps import forget_rpm_keys
from provisioner.sources.leftovers import OLD_KEYS, leftovers
from provisioner.sources.reach import APT_KEY, APT_SOURCES, RPM_KEY, RPM_REPOSITORY


def source_step(facts: Facts) -> Step | None:
    """Files in which Docker's guides, its script and this program write the source; of others only a warning."""
    rewrite, remove = _own_sources(facts)
    keys = (APT_KEY, *OLD_KEYS) if facts.package_manager == "apt" else (RPM_KEY,)
    staying = "\n".join(file.text for file in facts.source_files if (file.asked or file.path) not in remove)
    gone = tuple(
        key for key in keys if (facts.file(key) or key in facts.binary_keys) and not _mentioned(key, staying, facts)
    )
    if not rewrite and not remove and not gone:
        return None
    return write_files(
        "source",
        "remove the package source" if remove or rewrite else "remove the key of the package source",
        "nothing is to be installed from it any more",
        source_changes(facts, write=rewrite, remove=(*remove, *gone)),
    )


def _own_sources(facts: Facts) -> tuple[dict[str, str], tuple[str, ...]]:
    rewrite, remove = leftovers(facts, "")
    ours = {*APT_SOURCES, RPM_REPOSITORY}
    return {path: text for path, text in rewrite.items() if path in ours}, tuple(p for p in remove if p in ours)


def _mentioned(key: str, staying: str, facts: Facts) -> bool:
    """A source that stays is checked with this key; one below trusted.gpg.d checks all of them."""
    return key in staying or (key.startswith("/etc/apt/trusted.gpg.d/") and bool(other_sources(facts)))


def other_sources(facts: Facts) -> list[str]:
    rewrite, remove = leftovers(facts, "")
    return [path for path in (*rewrite, *remove) if path not in {*APT_SOURCES, RPM_REPOSITORY}]


def rpm_key_step(facts: Facts) -> Step | None:
    """The key in rpm's own database; which one it is tells the key file, or it is Docker's."""
    if not facts.rpm_keys or other_sources(facts):
        return None
    wanted = {docker_key("rpm")[-8:].lower()}
    file = facts.file(RPM_KEY)
    if file:
        with suppress(ValueError):  # an unreadable key file vouches for no key
            wanted |= {found[-8:].lower() for found in fingerprints(file.text)}
    keys = [key for key in facts.rpm_keys if key.partition("-")[0][-8:] in wanted]
    if not keys:
        return None
    return forget_rpm_keys(keys)
