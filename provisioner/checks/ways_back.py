"""What settles a difference that `status` found: apply, a reload, an edit, or taking it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.catalogue.daemon_keys import reloadable
from provisioner.checks.drift import stale_keys
from provisioner.errors import TARGET, WANTED
from provisioner.facts.by_hand import restart_command
from provisioner.facts.host import Host
from provisioner.plan.model import Check
from provisioner.wanted.spec import Spec

APPLIED = frozenset({"engine", "packages", "service", "hold", "plan", "registry mirrors", "package source"})
"""Checks of differences that a plan has steps for."""


def ways_back(host: Host, spec: Spec, checks: Iterable[Check]) -> str:
    """Return a line for each kind of difference among `checks`: a command that works when pasted, and what it does."""
    failed = {check.name for check in checks if not check.passed}
    return "\n".join(_ways(host, spec, failed))


def _ways(host: Host, spec: Spec, failed: set[str]) -> Iterator[str]:
    wished = spec.version not in {None, "latest"}
    if failed & APPLIED or ("version" in failed and wished):
        yield f"provisioner apply {TARGET} {WANTED} brings back what is wanted"
    if "unit files" in failed:
        yield "systemctl daemon-reload, on the host, has systemd read its unit files"
    if "configuration" in failed:
        yield _taken_up(host)
    if "files" in failed or ("version" in failed and not wished):
        yield f"provisioner status {TARGET} {WANTED} --accept takes what was changed as it is"
    if "hosts.toml" in failed:
        yield f"provisioner mirror status {TARGET} shows all that decides where pulls go"
    if any(name.startswith("mirror ") for name in failed):
        yield f"provisioner mirror probe {TARGET} ranks the mirrors that answer there"


def _taken_up(host: Host) -> str:
    """What has the engine take up its configuration, or what must be mended first."""
    path, stale = host.facts.engine.config_path, stale_keys(host)
    if not stale:
        return f"correct {path} on the host before the engine starts the next time"
    unit = host.facts.engine.unit.removesuffix(".service") or "docker"
    if not all(reloadable(key, host.engine_version) for key in stale):
        restart = restart_command(host.facts.init, unit)
        return f"{restart}, on the host, has the engine read {path}; without live-restore it stops the containers"
    by_signal = f"kill -HUP {host.facts.engine.pid or '$(pidof dockerd)'}"
    reload = f"systemctl reload {unit}" if host.facts.service_manager == "systemd" else by_signal
    return f"{reload}, on the host, has the engine read {path}"
