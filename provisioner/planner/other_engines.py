"""The same mirrors of Docker Hub for containerd (CRI), podman and k3s: `--also`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.errors import ApplyError
from provisioner.facts.by_hand import restart_command
from provisioner.facts.containerd import containerd_of
from provisioner.facts.model import Facts
from provisioner.host_files.containerd_config import ContainerdConfig
from provisioner.host_files.k3s_registries import with_mirrors
from provisioner.host_files.mirror_files import CONTAINERD_CERTS, CONTAINERD_CONFIG, DOCKER_HUB, K3S, k3s
from provisioner.plan.files import FileChange, write_files
from provisioner.plan.model import Step
from provisioner.planner.podman import podman_changes
from provisioner.planner.registry_files import hosts_file, written_by_us
from provisioner.wanted.spec import Spec

CONFIG_PATH = f"""version = 2

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "{CONTAINERD_CERTS}"
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
        changes, notes = _ENGINES[name](facts, spec.registry_mirrors)
        step = write_files(f"mirrors-{name}", f"mirrors of Docker Hub for {name}", "--also", changes)
        if step:
            steps.append(step)
        if step or name == "containerd":
            warnings += notes
    return steps, warnings


def _containerd(facts: Facts, mirrors: Sequence[str]) -> tuple[list[FileChange], list[str]]:
    path = f"{CONTAINERD_CERTS}/{DOCKER_HUB}/hosts.toml"
    changes = [hosts_file(facts, path, facts.other_engines.file(path), DOCKER_HUB, mirrors)]
    if not mirrors:
        return changes, []
    config = containerd_of(facts)
    if not config.there and not config.reads_hosts:
        changes.append(FileChange(CONTAINERD_CONFIG, None, CONFIG_PATH))
        note = f"{CONTAINERD_CONFIG} is new; it counts from the next start: {restart_command(facts.init, 'containerd')}"
        return changes, [f"containerd: {note}"]
    return changes, [
        f"containerd: {note}" for note in _containerd_notes(config, restart_command(facts.init, "containerd"))
    ]


def _containerd_notes(config: ContainerdConfig, restart: str) -> Iterator[str]:
    """What has to be done by hand, since config.toml is somebody's own."""
    if config.problem:
        yield f"{config.problem}; it does not start with that"
    elif config.cri_off:
        yield f"{CONTAINERD_CONFIG} switches CRI off, so nothing but dockerd uses it"
    elif config.inline or config.inline_tls:
        yield _inline_first(config, restart)
    elif not config.reads_hosts:
        yield f"{_not_named(config)}: {_name_it(config)}, then {restart}"


def _inline_first(config: ContainerdConfig, restart: str) -> str:
    places = " and ".join(dict.fromkeys(row.path for row in config.inline)) or CONTAINERD_CONFIG
    given = [f"mirrors of {row.registry}: {' '.join(row.urls) or 'none'}" for row in config.inline]
    given += [f"certificates of {registry}" for registry in config.inline_tls]
    tables = " and ".join(
        name for name, some in (("registry.mirrors", config.inline), ("registry.configs", config.inline_tls)) if some
    )
    now = "CRI does not start, since there is config_path beside them" if config.clash else "hosts.toml is not read"
    then = "" if config.clash else f"; only then {_name_it(config)} (with both, CRI does not start)"
    return (
        f"{places} has {'; '.join(given)}, and {now}. First take {tables} out of it, and write what they say "
        f"into {CONTAINERD_CERTS}/REGISTRY/hosts.toml{then}; then {restart}"
    )


def _not_named(config: ContainerdConfig) -> str:
    if config.certs:
        return f"config_path in {CONTAINERD_CONFIG} is {':'.join(config.certs)}, not {CONTAINERD_CERTS}"
    return f"{CONTAINERD_CONFIG} does not name {CONTAINERD_CERTS}"


def _name_it(config: ContainerdConfig) -> str:
    return f'write config_path = "{CONTAINERD_CERTS}" below {config.table}'


def _podman(facts: Facts, mirrors: Sequence[str]) -> tuple[list[FileChange], list[str]]:
    return podman_changes(facts, mirrors)


def _k3s(facts: Facts, mirrors: Sequence[str]) -> tuple[list[FileChange], list[str]]:
    before = facts.other_engines.file(K3S)
    ours = before is not None and written_by_us(facts, before)
    text = with_mirrors(before, mirrors, ours=ours)
    notes = [f"k3s reads its mirrors when it starts: {restart_command(facts.init, 'k3s')} (or k3s-agent)"]
    notes += [
        f'k3s: {row.path} sends all registries to {" ".join(row.urls)} ("*"); docker.io has its own from now on'
        for row in (k3s(before) if before and mirrors else ())
        if row.registry == "*"
    ]
    return [FileChange(K3S, before, text)], notes


_ENGINES = {"containerd": _containerd, "podman": _podman, "k3s": _k3s}
