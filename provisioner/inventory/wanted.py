"""The `docker:` mappings of groups and host -> one wanted state."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from provisioner.errors import UsageError
from provisioner.inventory.document import Entry
from provisioner.inventory.position import Position
from provisioner.masking import masked

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from provisioner.inventory.host import InventoryHost
    from provisioner.wanted.spec import Spec

# Fields of Spec that commands set, not people.
INTERNAL = frozenset({"install", "mirror_change", "take_over"})
# The one field whose values are JSON of their own, where 1 and "1" differ.
_JSON_FIELDS = frozenset({"daemon"})
_SAYINGS = {
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "dict_type": "is not a mapping, such as {debug: true}",
    "int_parsing": "is not a whole number",
    "list_type": "is not a list; write [value] or one `- value` a line",
    "string_type": "is not text",
    "tuple_type": "is not a list; write [value] or one `- value` a line",
}

_KEY = ":"  # stands in a path for the key itself

Positions = Mapping[tuple[str, ...], Position]


def merged(entries: Iterable[Entry]) -> tuple[dict[str, Any], dict[tuple[str, ...], Position]]:
    """Return the values of `docker:` mappings, later ones winning, and the place of each.

    A list or a text replaces the earlier one; a mapping (`daemon`) is merged key by key.
    """
    values: dict[str, Any] = {}
    positions: dict[tuple[str, ...], Position] = {}
    for docker in entries:
        for name, entry in docker.entries().items():
            value = entry.plain(typed=name in _JSON_FIELDS)
            if not (isinstance(value, dict) and isinstance(values.get(name), dict)):
                positions = {path: place for path, place in positions.items() if path[0] != name}
                values[name] = value
            else:
                for key in value:
                    positions = {path: place for path, place in positions.items() if path[:2] != (name, key)}
                values[name] = values[name] | value
            positions |= _positions(entry, (name,))
            positions[name, _KEY] = entry.key_position
    return values, positions


def _positions(entry: Entry, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Position]]:
    yield path, entry.position
    if entry.is_mapping:
        for key, inner in entry.entries().items():
            yield from _positions(inner, (*path, key))
    for inner in entry.items():
        yield from _positions(inner, (*path, inner.path[-1]))


def spec_of(host: InventoryHost, overrides: Mapping[str, Any]) -> Spec:
    """Return the wanted state of `host` with the command line's `overrides` on top.

    `overrides` holds only what was given: a value replaces the inventory's, a mapping is merged key by key.

    Raises:
        UsageError: a key is unknown or a value is not allowed; every problem with its place in the inventory.
    """
    from pydantic import ValidationError

    from provisioner.wanted.spec import Spec

    wanted = dict(host.wanted)
    for key in wanted.keys() & INTERNAL:
        raise UsageError(_unknown(key, host.positions.get((key, _KEY))), hint=_allowed())
    for key, value in overrides.items():
        old = wanted.get(key)
        wanted[key] = {**old, **value} if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    # An empty value (`version:`) means what leaving the key out means.
    wanted = {key: value for key, value in wanted.items() if value is not None or key in overrides}
    try:
        return Spec(**wanted)
    except ValidationError as cause:
        raise UsageError("\n".join(_problems(cause, host, overrides)), hint=_hint(cause)) from cause


def _problems(cause: ValidationError, host: InventoryHost, overrides: Mapping[str, Any]) -> list[str]:
    found = [_problem(error, host, overrides) for error in cause.errors()]
    found.sort(key=lambda problem: problem[0][:3] if problem[0] else ("", 0, 0))
    return list(dict.fromkeys(text for _, text in found))


def _problem(error: ErrorDetails, host: InventoryHost, overrides: Mapping[str, Any]) -> tuple[Position | None, str]:
    message = error["msg"].removeprefix("Value error, ")
    location = tuple(map(str, error["loc"]))
    if not location and (match := re.match(r"(\w+): ", message)):  # a rule about several fields names the one
        location = (match[1],)
        message = message[match.end() :]
    place = _nearest(location, host.positions) if location and location[0] not in overrides else None
    if error["type"] == "extra_forbidden":
        place = host.positions.get((location[0], _KEY)) if place else None
        return place, _unknown(location[-1], place)
    if error["type"] in _SAYINGS or error["type"] == "literal_error":
        value = masked(repr(error["input"]), login_names=True)
        said = _SAYINGS.get(error["type"]) or "is not allowed: " + message.removeprefix("Input should be ")
        message = f"{value} {said}"
    return place, f"{place or '.'.join(location) or host.name}: {message}"


def _nearest(location: tuple[str, ...], positions: Positions) -> Position | None:
    for length in range(len(location), 0, -1):
        if place := positions.get(location[:length]):
            return place
    return None


def _unknown(key: str, place: Position | None) -> str:
    close = difflib.get_close_matches(key.replace("-", "_"), allowed_keys(), 1)
    guess = f"; did you mean {close[0]}?" if close else ""
    return f"{place or key}: {key!r} is not a key of docker:{guess}"


def _hint(cause: ValidationError) -> str:
    unknown = any(error["type"] == "extra_forbidden" for error in cause.errors())
    return _allowed() if unknown else "nothing was contacted or changed"


def _allowed() -> str:
    return "allowed: " + ", ".join(allowed_keys())


def allowed_keys() -> list[str]:
    """Return the keys that may stand below `docker:`: the fields of Spec."""
    from provisioner.wanted.spec import Spec

    return [name for name in Spec.model_fields if name not in INTERNAL]
