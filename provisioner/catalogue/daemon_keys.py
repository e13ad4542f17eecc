"""The keys of daemon.json: which engine knows them, what they hold, how they come into force.

The rows are in data/daemon_keys.toml. A version is the engine's own (`20.10.24+dfsg1`) or a package's
(`5:28.3.1-1~debian.12~bookworm`); "" means that it is not known, and then only what is wrong for every engine is
told. Engines newer than the rows may know more keys than these: they are not told that a key is unknown.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.catalogue.rows import data
from provisioner.catalogue.versions import upstream

Release = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """One row, () for no release. `until`: the first engine without it; `ignored`: the first that ignores it."""

    name: str
    type: str
    flag: str
    flag_since: Release
    short: str
    since: Release
    until: Release
    reload: Release
    default: Any
    note: str
    ignored: Release = ()


@dataclass(frozen=True, slots=True)
class ReloadException:
    """What a reload of some engines does not do with `key`; `restart` when only a restart is safe."""

    key: str
    what: str
    restart: bool
    source: str


def key(name: str) -> Key | None:
    """Return the row of this key, None when no engine knows it."""
    return _keys().get(name)


def flag_of(name: str) -> str:
    """Return the option of dockerd's command line that says the same, such as --registry-mirror; "" for none."""
    row = _keys().get(name)
    return f"--{row.flag}" if row and row.flag else ""


def default_of(name: str) -> Any:
    """Return the value that gives a key back to the engine's default, since a reload ignores a key that is absent."""
    row = _keys().get(name)
    return row.default if row else None


def unknown(names: Iterable[str], version: str) -> tuple[str, ...]:
    """Return those of `names` with which the engine would refuse to start: not known, not yet, or no longer."""
    return tuple(name for name in names if _unknown(name, release(version)))


def ignored(names: Iterable[str], version: str) -> dict[str, str]:
    """Return those of `names` that the engine accepts and takes no notice of, each with what to do instead."""
    engine = release(version)
    return {name: why for name in names if (why := _why_ignored(name, engine))}


def reloadable(name: str, version: str) -> bool:
    """True when a reload brings the key into force on this engine; see `reload_exceptions` as well."""
    row = _keys().get(name)
    return row is not None and bool(row.reload) and row.reload <= (release(version) or row.reload)


def reload_exceptions(version: str) -> tuple[ReloadException, ...]:
    """Return what a reload of this engine does wrong, although the keys count as reloadable."""
    engine = release(version)
    return tuple(
        ReloadException(row["key"], row["what"], row["restart"], row["source"])
        for row in data("daemon_keys")["reload_exception"]
        if engine and release(row["engines"][0]) <= engine <= release(row["engines"][1])
    )


def key_problems(config: Mapping[str, Any], version: str) -> list[str]:
    """Return why this engine would refuse to start with `config`, each in one sentence; [] when it would not."""
    engine = release(version)
    return [problem for name, value in config.items() if (problem := _problem(name, value, engine))]


def release(version: str) -> Release:
    """`20.10.24+dfsg1` -> (20, 10, 24); () when there is no number in it."""
    numbers = [int(part) for part in upstream(version).split(".") if part.isdigit()]
    return (*numbers, 0, 0)[:3] if numbers else ()


def _problem(name: str, value: Any, engine: Release) -> str:
    row = _keys().get(name)
    if row is None:
        if not _unknown(name, engine):
            return ""
        similar = difflib.get_close_matches(name, _keys(), n=1, cutoff=0.75)
        return f"{name} is no key of daemon.json" + (f"; did you mean {similar[0]}?" if similar else "")
    note = f" ({row.note})" if row.note else ""
    if engine and engine < row.since:
        return f"{name} came with Docker {release_name(row.since)}, this is {release_name(engine)}{note}"
    taken = name == "api-cors-header" and value is None  # dockerd still has the field, and refuses what stands in it
    if engine and row.until and engine >= row.until and not taken:
        return f"{name} went with Docker {release_name(row.until)}, this is {release_name(engine)}{note}"
    ignored_whole = row.ignored and engine >= row.ignored and not isinstance(value, dict)  # members count as keys
    if not ignored_whole and (wrong := _wrong_type(row, value, engine)):
        return wrong
    if name == "registry-mirrors":
        return next((wrong for url in value or () if (wrong := _mirror_path(url, engine))), "")
    return ""


def _unknown(name: str, engine: Release) -> bool:
    row = _keys().get(name)
    if row is None:
        return not _why_ignored(name, engine) and engine <= release(data("daemon_keys")["newest"])
    return bool(engine) and (engine < row.since or (bool(row.until) and engine >= row.until))


def _wrong_type(row: Key, value: Any, engine: Release) -> str:
    if value is None:  # dockerd leaves the default
        return ""
    what, fits = _TYPES[row.type]
    if not fits(value):
        return f"{row.name} must be {what}, not {_kind(value)}{_example(row, value)}"
    if row.name == "proxies" and (odd := set(value) - _PROXIES):
        return f"proxies holds {', '.join(sorted(_PROXIES))}; {', '.join(sorted(odd))} is none of them"
    counted = ("max-", "default-stop") if () < engine < (23,) else ("max-", "default-stop", "mtu")
    if row.type == "integer" and value < 0 and row.name.startswith(counted):
        return f"{row.name} must not be negative"
    return ""


def _example(row: Key, value: Any) -> str:
    if row.type == "strings" and isinstance(value, str):
        return f': write ["{value}"]' if value else ": write []"
    if row.type == "string-map" and isinstance(value, dict):
        odd = next(name for name, member in value.items() if not isinstance(member, str))
        return f': write "{odd}": "{str(value[odd]).lower()}"'
    return ""


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object" if not value else f"an object of {_kinds(value.values())}"
    if isinstance(value, list):
        return "a list" if not value else f"a list of {_kinds(value)}"
    return next(f"{word}" for kind, word in _KINDS if isinstance(value, kind))


def _kinds(values: Iterable[Any]) -> str:
    words = dict.fromkeys(_kind(value).removeprefix("a ").removeprefix("an ") for value in values)
    return " and ".join(f"{word}s" for word in words)


def _mirror_path(url: str, engine: Release) -> str:
    rules = [rule["allowed"] for rule in data("daemon_keys")["mirror_path"] if release(rule["engines"]) <= engine]
    path = re.sub(r"\A[^/]*", "", re.split(r"[?#]", url.partition("://")[2])[0])
    if not rules or rules[-1] == "any" or not path or (path == "/" and rules[-1] == "slash"):
        return ""
    since = next(row["engines"] for row in data("daemon_keys")["mirror_path"] if row["allowed"] == "any")
    return f"the mirror {url} has a path; Docker takes one since {since}, this is {release_name(engine)}"


def release_name(engine: Release) -> str:
    """(28, 0, 0) -> `28.0`, (26, 1, 5) -> `26.1.5`, and (18, 9, 0) -> `18.09`, since the second was a month then."""
    first, second, third = engine
    month = f"{second:02}" if first < 20 else str(second)
    return f"{first}.{month}" + (f".{third}" if third else "")


@functools.cache
def _keys() -> dict[str, Key]:
    return {
        name: Key(
            name=name,
            type=row["type"],
            flag=row.get("flag", name),
            flag_since=release(row.get("flag_since", "")),
            short=row.get("short", ""),
            since=release(row.get("since", "")),
            until=release(row.get("until", "")),
            reload=release(row.get("reload", "")),
            default=row.get("default"),
            note=row.get("note", ""),
            ignored=release(row.get("ignored", "")),
        )
        for name, row in data("daemon_keys")["keys"].items()
    }


def _why_ignored(name: str, engine: Release) -> str:
    for row in _keys().values():
        if name == row.flag and name not in _keys() and (not engine or _has_flag(row, engine)):
            return f"in daemon.json it is called {row.name}"
    other: dict[str, str] = data("daemon_keys")["ignored"].get(name, {})
    return other["why"] if other and (not engine or engine >= release(other["since"])) else ""


def _has_flag(row: Key, engine: Release) -> bool:
    return engine >= max(row.since, row.flag_since) and (not row.until or engine < row.until)


def _all(kind: type) -> Any:
    return lambda members: all(isinstance(member, kind) for member in members)


def _map(kind: type) -> Any:
    return lambda value: isinstance(value, dict) and _all(kind)(value.values())


_SIZE = re.compile(r"\d+(\.\d+)? ?[kmgtp]?i?b?", re.IGNORECASE)
_TYPES: dict[str, tuple[str, Any]] = {
    "string": ("a string", lambda value: isinstance(value, str)),
    "size": ('a size in quotes, such as "64M"', lambda value: isinstance(value, str) and bool(_SIZE.fullmatch(value))),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "integer": ("a whole number", lambda value: type(value) is int and abs(value) < 2**63),
    "strings": ("a list of strings", lambda value: isinstance(value, list) and _all(str)(value)),
    "objects": ("a list of objects", lambda value: isinstance(value, list) and _all(dict)(value)),
    "string-map": ("an object of strings", _map(str)),
    "boolean-map": ("an object of true and false", _map(bool)),
    "object-map": ("an object of objects", _map(dict)),
    "maps": (
        "an object of objects of strings",
        lambda value: _map(dict)(value) and all(map(_map(str), value.values())),
    ),
    "object": ("an object", lambda value: isinstance(value, dict)),
}
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (str, "a string"),
    (int, "a number"),
    (float, "a number"),
    (type(None), "null"),
)
_PROXIES = {"http-proxy", "https-proxy", "no-proxy"}
