"""The daemon's configuration as it is found: daemon.json and hosts.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.preflight.finding import Finding, Subject, failed, passed, warned

HUB_FILES = ("/docker.io/hosts.toml", "/_default/hosts.toml")


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
    """Two endpoints for docker.io in a hosts.toml silence registry-mirrors, which docker info shows all the same."""
    info = subject.facts.engine.info
    read_here = info.containerd_store if info and not subject.installs else subject.engine_major >= 28
    for file in subject.facts.registry_hosts:
        asked = file.asked or file.path
        if not asked.endswith(HUB_FILES):
            continue
        hosts = re.findall(r"""^[ \t]*\[[ \t]*host[ \t]*\.[ \t]*["']([^"']+)""", file.text, re.MULTILINE)
        if read_here and hosts:
            yield warned(
                "hosts.toml",
                f"{asked} sends pulls from Docker Hub to {', '.join(hosts)}, whatever registry-mirrors says",
                "remove it, or change the mirrors there",
            )
        else:
            yield passed("hosts.toml", f"{asked} does not override registry-mirrors")


CHECKS = (daemon_file, registry_hosts)
