"""What a plan rests on: the facts that it was made from, by names, so that it can be said which of them has changed.

Everything that planning may read counts, but for what changes by itself without changing a plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from provisioner.facts.model import Facts
from provisioner.host_files.host_file import HostFile
from provisioner.masking import masked
from provisioner.plan.model import Plan

READABLE = 60
"""Characters of a value that is kept as it is, to be told when it changes; of others a digest is kept."""
TOLD = 6
"""Differences that a message names; it counts the others."""

_SHA256 = "sha256:"
_CHANGES_BY_ITSELF = {
    "Facts": {
        "clock",
        "clock_skew",
        "disk_free",
        "memory",
        "in_progress",
        "package_lists",
        "users",
        "record",
        "journal",
        "digest",
    },
    "Login": {"sudo_message"},
    "Engine": {"pid", "containers_alive"},
    "EngineInfo": {"raw", "warnings", "containers_running"},
    "OtherDockerd": {"pid"},
    "Unit": {"result"},
    "Storage": {"mounts", "inodes"},
    "Network": {"routes", "docker0", "ip_forward", "answers_dns", "legacy_tables", "running_units", "cloud_init_runs"},
    "PackageState": {"locks"},
    "KernelSupport": {"config", "filesystems", "modules", "loaded", "xt_matches", "open_files"},
}
"""Fields of facts: measured rather than configured, there as long as something runs, or said by the kernel version."""


def rests_on(facts: Facts, plan: Plan, users: Collection[str] = ()) -> dict[str, str]:
    """Return the facts that `plan` was made from, by name; what is empty is left out. `users` are those it is about.

    How many containers run counts where the plan stops them.
    """
    found = dict(_said("", facts))
    ours = {row.path for row in facts.record.files if row.untouched}
    found |= {f"{path} (ours)": "as our last run wrote it" for path in sorted(ours & found.keys())}
    found |= {f"user {name}": "there" for name in users if name in facts.users}
    if plan.restart.how in {"restart", "stop"} and facts.engine.info:
        found["running containers"] = str(facts.engine.info.containers_running)
    return found


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say what has changed; "" when nothing has."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    told = [_difference(name, before.get(name), now.get(name)) for name in sorted(names, key=_files_first)]
    more = len(told) - TOLD
    return "; ".join([*told[:TOLD], *([f"and {more} more"] if more > 0 else [])])


def _difference(name: str, before: str | None, now: str | None) -> str:
    if before is None:
        return f"{name} is new" if _is_digest(now or _SHA256) else f"{name} is new: {now}"
    if now is None:
        return f"{name} is gone"
    if _is_digest(before) or _is_digest(now):
        return f"{name} has changed"
    return f"{name} was {before}, and is {now}"


def _files_first(name: str) -> tuple[bool, str]:
    return not name.startswith("/"), name


def _said(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, HostFile):
        text = "\0".join((value.path, value.mode, value.owner, str(value.immutable), value.text))
        yield value.asked or value.path, _digest(text)
    elif below := _below(name, value):
        for part, item in below.items():
            yield from _said(part, item)
    elif words := _words(value):
        yield name, _shown(words)


def _below(name: str, value: Any) -> dict[str, Any]:
    """The parts of a value, by their names; none where it is a value of its own."""
    if is_dataclass(value):
        left_out = _CHANGES_BY_ITSELF.get(type(value).__name__, set())
        kept = [field.name for field in fields(value) if field.name not in left_out]
        return {f"{name} {field.replace('_', ' ')}".strip(): getattr(value, field) for field in kept}
    if isinstance(value, Mapping):
        return {f"{name} {key}": item for key, item in value.items()}
    if isinstance(value, tuple) and any(is_dataclass(item) for item in value):
        named = ((getattr(item, "path", None) or getattr(item, "name", None), item) for item in value)
        return {f"{name} {number if called is None else called}": item for number, (called, item) in enumerate(named)}
    return {}


def _words(value: Any) -> str:
    if isinstance(value, frozenset):
        return " ".join(sorted(map(str, value)))
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value) if value else ""


def _shown(text: str) -> str:
    plain = len(text) <= READABLE and text.isprintable() and masked(text) == text and not _is_digest(text)
    return text if plain else _digest(text)


def _digest(text: str) -> str:
    return f"{_SHA256}{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _is_digest(said: str) -> bool:
    return said.startswith(_SHA256)
