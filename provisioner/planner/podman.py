"""Mirrors of Docker Hub for podman, buildah, skopeo and CRI-O: a drop-in of registries.conf, beside what others say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from provisioner.errors import ApplyError
from provisioner.facts.model import Facts
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import DOCKER_HUB, PODMAN
from provisioner.host_files.podman_registries import RegistriesConf, Registry, podman, registries_conf, short_names
from provisioner.plan.files import FileChange
from provisioner.planner.registry_files import foreign, written_by_us

PODMAN_FILE = f"{PODMAN}.d/50-provisioner-mirrors.conf"
_LIBRARY = f"{DOCKER_HUB}/library"


def podman_changes(facts: Facts, mirrors: Sequence[str]) -> tuple[list[FileChange], list[str]]:
    """Return our drop-in with `mirrors`, and what must be known of the files beside it.

    A drop-in replaces the table of the same prefix that stands in an earlier file, and a longer prefix goes before a
    shorter one (containers-registries.conf(5)). A docker.io that somebody has set stays theirs.

    Raises:
        ApplyError: a file cannot be read, or says where the images of Docker Hub come from.
    """
    before = facts.other_engines.file(PODMAN_FILE)
    if before and before.text != podman_text(_urls(before)) and not written_by_us(facts, before):
        raise foreign(before, "the mirrors of docker.io for podman")
    if not mirrors:
        return [FileChange(PODMAN_FILE, before, None)], []
    others = [registries_conf(file) for file in _files(facts) if file is not before]
    for conf in others:
        _refuse(conf)
    notes = [f"podman: {registry.decides} ({registry.path}), not from these mirrors" for registry in _parts(others)]
    path, names = short_names(others)
    if names and DOCKER_HUB not in names:
        notes.append(
            f"podman: names without a registry are looked up at {' '.join(names)} ({path}); "
            "the mirrors serve docker.io/NAME"
        )
    return [FileChange(PODMAN_FILE, before, podman_text(mirrors))], notes


def podman_text(mirrors: Sequence[str]) -> str:
    """Return a file for registries.conf.d (containers-registries.conf(5)): a location has no scheme."""
    lines = [
        "# Mirrors of Docker Hub for podman, buildah, skopeo and CRI-O, asked in this order; docker.io comes last.",
        "[[registry]]",
        f'prefix = "{DOCKER_HUB}"',
        f'location = "{DOCKER_HUB}"',
    ]
    for url in mirrors:
        parts = urlsplit(url)
        lines += ["", "[[registry.mirror]]", f'location = "{parts.netloc}{parts.path}"']
        lines += ["insecure = true"] if parts.scheme == "http" else []
    return "\n".join(lines) + "\n"


def _refuse(conf: RegistriesConf) -> None:
    if conf.problem:
        raise ApplyError(
            f"{conf.path} cannot be read: {conf.problem}. podman reads nothing while it is so. Nothing was changed.",
            hint=f"correct {conf.path}, then run the command again",
        )
    for registry in conf.registries:
        if _says_hub(registry):
            said = registry.decides or f"{registry.prefix} has no mirrors"
            raise ApplyError(
                f"{conf.path} says what {DOCKER_HUB} is for podman: {said}. It was not written by this tool. "
                "Nothing was changed.",
                hint=f"change it by hand, or leave podman out of --also; to give it up: mv {conf.path} {conf.path}.old",
            )


def _says_hub(registry: Registry) -> bool:
    """True for what would stop ours from counting, or be undone by it.

    A table that says nothing stops it in a later file, and as a wildcard, which sorts before it.
    """
    if registry.prefix == _LIBRARY:
        return True
    plain = registry.prefix == DOCKER_HUB and not registry.decides and registry.path < PODMAN_FILE
    return registry.covers(DOCKER_HUB) and not plain


def _parts(confs: Sequence[RegistriesConf]) -> Iterator[Registry]:
    """What takes some images of Docker Hub elsewhere."""
    return (row for conf in confs for row in conf.registries if row.within_hub and row.decides)


def _files(facts: Facts) -> list[HostFile]:
    """registries.conf, then its drop-ins by name: the order in which they are read."""
    return sorted(
        (file for file in facts.other_engines.files if (file.asked or file.path).startswith(PODMAN)),
        key=lambda file: ((file.asked or file.path) != PODMAN, file.asked or file.path),
    )


def _urls(file: HostFile) -> tuple[str, ...]:
    return next((row.urls for row in podman([file]) if row.registry == DOCKER_HUB), ())
