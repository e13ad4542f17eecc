"""The same mirrors of Docker Hub for containerd (CRI), podman and k3s: `--also`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from provisioner.errors import ApplyError
from provisioner.facts.model import Facts
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.k3s_registries import with_mirrors
from provisioner.host_files.mirror_files import CONTAINERD, CONTAINERD_CONFIG, DOCKER_HUB, K3S, PODMAN, podman
from provisioner.plan.files import FileChange, write_files
from provisioner.plan.model import Step
from provisioner.planner.registry_files import foreign, hosts_file, written_by_us
from provisioner.wanted.spec import Spec

PODMAN_FILE = f"{PODMAN}.d/50-provisioner-mirrors.conf"

CONFIG_PATH = f"""version = 2

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "{CONTAINERD}"
"""
"""A config.toml that sets nothing else; containerd 1.5 to 2.x read its version 2 (docs/cri/config.md)."""


def other_engine_steps(facts: Facts, spec: Spec) -> tuple[list[Step], list[str]]:
    """Return the steps that give the engines of `spec.also` the wanted mirrors, and what must be known about them.

    Raises:
        ApplyError: an engine is not there, or a file says something else that we did not write.
    """
    if spec.registry_mirrors is None:
        return [], []
    steps: list[Step] = []
    warnings: list[str] = []
    for name in spec.also:
        missing = name not in facts.other_engines.names
        if missing and spec.registry_mirrors:
            raise ApplyError(
                f"there is no {name} on this host. Nothing was changed.", hint=f"leave {name} out of --also"
            )
        changes, note = _ENGINES[name](facts, spec.registry_mirrors)
        step = write_files(f"mirrors-{name}", f"mirrors of Docker Hub for {name}", "--also", changes)
        if step:
            steps.append(step)
        if note and (step or name == "containerd"):
            warnings.append(note)
    return steps, warnings


def _containerd(facts: Facts, mirrors: Sequence[str]) -> tuple[list[FileChange], str]:
    path = f"{CONTAINERD}/{DOCKER_HUB}/hosts.toml"
    changes = [hosts_file(facts, path, facts.other_engines.file(path), DOCKER_HUB, mirrors)]
    config = facts.other_engines.file(CONTAINERD_CONFIG)
    if not mirrors:
        return changes, ""
    if config is None:
        note = f"containerd: {CONTAINERD_CONFIG} is new; it counts from the next start: systemctl restart containerd"
        return [*changes, FileChange(CONTAINERD_CONFIG, None, CONFIG_PATH)], note
    if re.search(r"(?m)^[ \t]*disabled_plugins[ \t]*=[^\n]*cri", config.text):
        return changes, f"containerd: {CONTAINERD_CONFIG} switches CRI off, so nothing but dockerd uses it"
    if re.search(rf"""(?m)^[ \t]*config_path[ \t]*=[ \t]*["'][^"'\n]*{CONTAINERD}""", config.text):
        return changes, ""
    return changes, (
        f'containerd: {CONTAINERD_CONFIG} does not name {CONTAINERD}: write config_path = "{CONTAINERD}" below '
        """[plugins."io.containerd.grpc.v1.cri".registry] (version 2 of the file) or """
        """[plugins."io.containerd.cri.v1.images".registry] (version 3), then systemctl restart containerd"""
    )


def _podman(facts: Facts, mirrors: Sequence[str]) -> tuple[list[FileChange], str]:
    before = facts.other_engines.file(PODMAN_FILE)
    others = [file for file in facts.other_engines.files if file is not before]
    other = next((row for row in podman(_below(others, PODMAN)) if row.registry == DOCKER_HUB), None)
    if other and mirrors:
        file = facts.other_engines.file(other.path)
        assert file is not None  # noqa: S101 # the row came from it
        raise foreign(file, "the mirrors of docker.io for podman")
    if before and before.text != podman_text(_podman_urls(before)) and not written_by_us(facts, before):
        raise foreign(before, "the mirrors of docker.io for podman")
    return [FileChange(PODMAN_FILE, before, podman_text(mirrors) if mirrors else None)], ""


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


def _k3s(facts: Facts, mirrors: Sequence[str]) -> tuple[list[FileChange], str]:
    before = facts.other_engines.file(K3S)
    ours = before is not None and written_by_us(facts, before)
    text = with_mirrors(before, mirrors, ours=ours)
    return [FileChange(K3S, before, text)], "k3s reads its mirrors when it starts: systemctl restart k3s (or k3s-agent)"


def _podman_urls(file: HostFile) -> tuple[str, ...]:
    return next((row.urls for row in podman([file]) if row.registry == DOCKER_HUB), ())


def _below(files: Sequence[HostFile], prefix: str) -> Iterator[HostFile]:
    return (file for file in files if (file.asked or file.path).startswith(prefix))


_ENGINES = {"containerd": _containerd, "podman": _podman, "k3s": _k3s}
