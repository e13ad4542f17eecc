"""States of a host in which its daemon configuration is not touched, each with the way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.catalogue.daemon_keys import release
from provisioner.catalogue.daemon_values import start_problems
from provisioner.errors import TARGET, ApplyError, BlockedError
from provisioner.facts.daemon_flags import PROXIES, FlagPlace
from provisioner.facts.host import Host
from provisioner.plan.files import FileChange
from provisioner.plan.model import Restart

TAKEN_TOGETHER = frozenset({"runtimes"})
"""Keys that may stand in the file and be given as flags too (skipDuplicates, moby daemon/config)."""


READS_A_BYTE_ORDER_MARK = (23, 0, 0)
"""Seen with 20.10.24, which refuses it, and 26.1.5."""


def refuse_unwritable(host: Host, change: FileChange) -> None:
    """Raises ApplyError where the file cannot or must not be replaced."""
    odd = next((odd for odd in host.facts.odd_files if odd.startswith(f"{change.path} ")), None)
    if odd:
        raise ApplyError(f"{odd}. Nothing was changed.", hint=f"put a regular file at {change.path}, or remove it")
    at = host.facts.storage.mount_of(change.path)
    if at and at.read_only and change.needed:
        raise ApplyError(
            f"{change.path} cannot be written: {at.point} is mounted read-only. Nothing was changed.",
            hint=f"mount -o remount,rw {at.point} on the host, and look in dmesg why it is not writable",
        )
    if change.before and change.before.immutable and change.needed:
        raise ApplyError(
            f"{change.before.path} has the immutable attribute: somebody wants it to stay as it is. "
            "Nothing was changed.",
            hint=f"chattr -i {change.before.path} on the host, if it may change",
        )


def refuse_silent(host: Host) -> None:
    """Raises ApplyError for an engine that nobody answers for; one that root alone may ask is another matter."""
    engine = host.facts.engine
    if engine.running and host.facts.as_root:
        raise ApplyError(
            f"dockerd runs (pid {engine.pid}) and does not answer: {engine.error}. Nothing was changed, "
            "since it could not be seen whether the engine takes it.",
            hint=f"its log says why; provisioner apply {TARGET} restarts an engine that does not answer",
        )


def refuse_start(host: Host, restart: Restart) -> None:
    """Raises ApplyError or BlockedError where what starts the engine next would not start it."""
    engine, start = host.facts.engine, host.flags.next
    if start and start.fails:
        raise ApplyError(
            f"the engine would not start: {start.fails}. Nothing was changed.",
            hint=f"put that file back, or take it out of the unit: systemctl edit {engine.unit}",
        )
    if engine.by_hand and restart.how == "restart":
        raise BlockedError(
            f"{restart.why}, and {engine.unit} does not run it: dockerd (pid {engine.pid}) was started otherwise, and "
            "a restart by the unit would begin a second one. Nothing was changed.",
            hint=f"stop it and let systemd start it: kill {engine.pid}, then systemctl start {engine.unit}",
        )


def refuse_conflicts(host: Host, wanted: Mapping[str, Any]) -> None:
    """Raises ApplyError where a key that stays in the file is given as a flag too, as far as that is known."""
    for key, place in given_as_both(host, {**host.daemon_json.required}):
        if key not in wanted and not host.flags.doubt:
            raise ApplyError(
                f"{place.where} gives {place.flag}, and {host.daemon_json.path} has {key} as well: the engine neither "
                "reloads nor starts with both. Nothing was changed.",
                hint="take one of the two out, then run the command again",
            )


def file_problems(host: Host) -> list[str]:
    """Return why the engine would not start with the values of daemon.json, whatever else it is told."""
    engine = release(host.engine_version)
    old = () < engine < READS_A_BYTE_ORDER_MARK and (host.daemon_json.text or "").startswith("\ufeff")
    mark = f"{host.daemon_json.path} begins with a byte order mark, which Docker takes since 23.0"
    return [*([mark] if old else ()), *start_problems(host.daemon_json.values, host.engine_version)]


def told_twice(host: Host) -> list[str]:
    """Return the keys of daemon.json that are flags of dockerd too, each with both places."""
    path = host.daemon_json.path
    both = given_as_both(host, host.daemon_json.values)
    return [f"{place.where} gives {place.flag}, and {path} has {key} as well" for key, place in both]


def given_as_both(host: Host, values: Mapping[str, Any]) -> Iterator[tuple[str, FlagPlace]]:
    """Yield the keys of `values` that a file gives to dockerd as flags too, with the first place of each."""
    for key, value in values.items():
        places = host.flag_places(key) if key not in TAKEN_TOGETHER else ()
        if key == "proxies" and isinstance(value, dict):
            members = [f"--{name}" for name in PROXIES if name in value]
            places = tuple(place for place in places if place.flag in members)
        yield from ((key, place) for place in places[:1] if place.file is not None or host.flags.next is None)
