"""How a configuration is tried before the engine reads it, with the options that it will really have then.

`dockerd --validate` is there since 23.0. Engines from 19.03 on read and check their configuration before they say that
they must be started as root (cmd/dockerd/daemon.go of v19.03.0 to v20.10.27), so they are started in a name space of
users where they are not: nothing is made or changed by that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from provisioner.catalogue.daemon_keys import release
from provisioner.facts.daemon_flags import without
from provisioner.facts.host import Host
from provisioner.host_files import docker_opts
from provisioner.host_files.shell_lexer import text_of

VALIDATES, SAYS_IT_NEEDS_ROOT = (23, 0, 0), (19, 3, 0)

DECIDED = frozenset(
    {"registry-mirrors", "insecure-registries", "labels", "debug", "log-level", "log-format", "shutdown-timeout"}
    | {"max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts"}
)
"""Keys for which a trial, or data/daemon_keys.toml, tells whether the engine starts; for others only its start does."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`how` is "" where no engine could be asked; `flags` are those it is asked with."""

    how: Literal["validate", "unshare", ""]
    flags: tuple[str, ...] = ()


def next_flags(host: Host, taken: Collection[str] = (), options: str | None = None) -> tuple[str, ...]:
    """Return the arguments of the next start, without the flags for the keys in `taken` and without --config-file.

    `options` is the text that /etc/default/docker will have. Where they are not known, those of the running process.
    """
    start, running = host.flags.next, host.facts.engine.command_line[1:]
    if start and not start.doubt:
        words: tuple[str, ...] = tuple(word.text for word in start.words)
    elif options is not None and not running:
        words = docker_opts.options(options)
    elif start is None and not running:
        words = tuple(text_of(word) for variable in host.flags.variables for word in variable.words)
    else:
        words = running
    return tuple(without(words, taken))


def trial(host: Host, taken: Collection[str] = (), options: str | None = None) -> Trial:
    """Return how a configuration of the engine that is there, which does not run, can be tried."""
    engine, facts = release(host.engine_version), host.facts
    if not facts.engine.dockerd or facts.engine.snap or not engine:
        return Trial("")
    flags = next_flags(host, taken, options)
    if engine >= VALIDATES:
        return Trial("validate", flags)
    able = engine >= SAYS_IT_NEEDS_ROOT and facts.user_namespaces > 0
    return Trial("unshare", flags) if able else Trial("")


def start_doubts(host: Host, wanted: Mapping[str, Any]) -> list[str]:
    """Return why it is unknown whether the stopped engine starts with its files as they are; [] when it is known."""
    start, unit = host.flags.next, host.facts.engine_unit
    found = []
    if unit and (unit.active_state in {"failed", "activating"} or unit.result not in {"", "success"}):
        state = unit.active_state if unit.active_state != "inactive" else f"stopped, after it ended with {unit.result}"
        found.append(f"{unit.name} is {state}: systemctl reset-failed {unit.name}; systemctl start {unit.name}")
    found += filter(None, (start.fails if start else "", host.flags.doubt))
    if not trial(host).how:
        version = host.engine_version
        found.append(f"Docker {version} cannot be asked to try it" if version else "its version is not known")
    open_ones = sorted(set(wanted) - DECIDED)
    if open_ones:
        found.append(f"only a start can tell whether {', '.join(open_ones)} can be had on this host")
    return found
