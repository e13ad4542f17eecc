"""The daemon's configuration as it is found: daemon.json and hosts.toml."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.host_files.mirror_files import DOCKER_HUB
from provisioner.preflight.finding import Finding, Subject, failed, passed, warned


def daemon_file(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    path, file = facts.engine.config_path, facts.daemon_json
    odd = next((odd for odd in facts.odd_files if odd.startswith(f"{path} ")), "")
    if odd:
        yield failed("daemon.json", odd, f"put a regular file at {path}, or remove it", "always")
        return
    if file is None:
        yield passed("daemon.json", f"there is no {path}")
        return
    if broken := subject.host.daemon_json.broken:
        yield failed("daemon.json", broken.message, broken.hint, "always")
        return
    if not file.text.strip() and subject.engine_major <= 20:
        yield failed("daemon.json", f"{path} is empty, which ends dockerd before 23.0", f"rm {path}", "start")
        return
    said = ", ".join(subject.host.daemon_json.values) or "empty"
    if file.immutable:
        yield warned(
            "daemon.json",
            f"{file.path} has the immutable attribute and stays as it is",
            f"chattr -i {file.path}, if it may change",
        )
    else:
        link = f"{file.asked} leads to {file.path}: " if file.asked else ""
        yield passed("daemon.json", link + said)


def registry_hosts(subject: Subject) -> Iterator[Finding]:
    """A mirror for docker.io in a hosts.toml silences registry-mirrors, which docker info shows all the same."""
    info, overriding = subject.host.info, subject.host.docker_hub_hosts
    read_here = info.containerd_store if info and not subject.installs else subject.engine_major >= 28
    for row in subject.host.registries:
        if row.registry not in {DOCKER_HUB, "_default"}:
            continue
        if row.problem:
            yield warned("hosts.toml", f"{row.path} cannot be read: {row.problem}", f"correct {row.path}, or remove it")
        elif read_here and row is overriding:
            yield warned(
                "hosts.toml",
                f"{row.path} sends pulls from Docker Hub to {', '.join(row.urls)}, whatever registry-mirrors says",
                "remove it, or change the mirrors there",
            )
        else:
            yield passed("hosts.toml", f"{row.path} does not override registry-mirrors")


CHECKS = (daemon_file, registry_hosts)
