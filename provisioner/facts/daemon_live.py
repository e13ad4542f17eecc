"""Daemon configuration as the running engine shows it, so that what a file says can be compared with what is true."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.facts.model import EngineInfo
from provisioner.facts.normal_form import ALWAYS_INSECURE, insecure_registries, mirrors, normal, same


@dataclass(frozen=True, slots=True)
class Shown:
    """How `docker info` shows a key of daemon.json.

    `template` makes of a wanted value the template that docker info is asked with, and what that prints when the
    engine has the value. `fragments` are parts of the engine's own document that are there then. `value` is what the
    engine has.
    """

    template: Callable[[Any], tuple[str, str]]
    fragments: Callable[[Any], list[str]]
    value: Callable[[EngineInfo], Any]


def info_template(wanted: Mapping[str, Any]) -> tuple[str, str]:
    """Return the template for docker info, and what it prints when the engine has all of `wanted` that it shows.

    A client whose daemon is dead prints an empty document and may exit 0 (20.10), hence the version.
    """
    asked = [SHOWN[key].template(value) for key, value in wanted.items() if key in SHOWN]
    template = "{{if .ServerVersion}}up" + "".join(f" {template}" for template, _ in asked) + "{{end}}"
    return template, "up" + "".join(f" {printed}" for _, printed in asked)


def fragments(wanted: Mapping[str, Any]) -> list[str]:
    """Return what the engine's own document holds when it has all of `wanted` that it shows."""
    found = [SHOWN[key].fragments(value) for key, value in wanted.items() if key in SHOWN]
    return ['"ServerVersion":', *(text for texts in found for text in texts)]


def live_value(info: EngineInfo, key: str) -> Any:
    """Return the value that the engine has for `key` now, in its normal form; None when it does not show that key."""
    if key not in SHOWN or (not info.raw and key not in _ALWAYS_KEPT):
        return None
    return SHOWN[key].value(info)


def shows(info: EngineInfo, key: str, wanted: Any) -> bool:
    """False when the engine visibly has another value for `key` than `wanted`.

    An empty string, and null, leave the choice to the engine.
    """
    live = live_value(info, key)
    return live is None or wanted is None or wanted == "" or same(key, live, wanted)


def chosen_by_default(key: str, value: Any) -> bool:
    """True when an engine that is told nothing about `key` has `value` after its next start as well.

    It looks for the storage driver whose data are there, and never for vfs (moby daemon/graphdriver). An empty string
    is no choice.
    """
    if key == "storage-driver" or value == "":
        return bool(value != "vfs")
    return normal(key, value) == [] or (key in DEFAULTS and same(key, value, DEFAULTS[key]))


def _quoted(value: Any) -> str:
    """JSON as Go writes it; a string is one for a template of Go, too."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _if(condition: str, then: str) -> str:
    return "{{if " + condition + "}}" + then + "{{end}}"


def _range(over: str, each: str) -> str:
    return "{{range " + over + "}}" + each + "{{end}}"


def _marks(item: str, wanted: Iterable[str]) -> str:
    """A dot for the item, and a mark when it is one of `wanted`: the engine keeps them in an order of its own."""
    return "." + "".join(_if(f"eq {item} {_quoted(text)}", "!") for text in wanted)


def _mirrors(wanted: Any) -> tuple[str, str]:
    return _range(".RegistryConfig.Mirrors", "{{.}} "), "".join(f"{url}/ " for url in mirrors(wanted or ()))


def _mirror_fragments(wanted: Any) -> list[str]:
    urls = [f"{url}/" for url in mirrors(wanted or ())]
    return [f'"Mirrors":{_quoted(urls)}'] if urls else []


def _labels(wanted: Any) -> tuple[str, str]:
    labels = normal("labels", list(wanted or ()))
    return _range(".Labels", _marks(".", labels)), ".!" * len(labels)


def _insecure(wanted: Any) -> tuple[str, str]:
    registries = insecure_registries(wanted or ())
    hosts = _if("not $index.Secure", _marks("$name", registries))
    added = " ".join(f"(ne (print $network) {_quoted(network)})" for network in sorted(ALWAYS_INSECURE))
    networks = _if(f"and {added}", _marks("(print $network)", registries))
    template = _range("$name, $index := .RegistryConfig.IndexConfigs", hosts) + _range(
        "$network := .RegistryConfig.InsecureRegistryCIDRs", networks
    )
    return template, ".!" * len(registries)


def _boolean(field: str) -> Shown:
    return Shown(
        lambda wanted: ("{{." + field + "}}", "true" if wanted else "false"),
        lambda wanted: [f'"{field}":{_quoted(bool(wanted))}'],
        lambda info: bool(info.raw.get(field)),
    )


def _string(field: str) -> Shown:
    return Shown(
        lambda wanted: ("{{." + field + "}}", str(wanted)),
        lambda wanted: [f'"{field}":{_quoted(wanted)}'],
        lambda info: info.raw.get(field, ""),
    )


SHOWN: dict[str, Shown] = {
    "registry-mirrors": Shown(_mirrors, _mirror_fragments, lambda info: mirrors(info.mirrors)),
    "insecure-registries": Shown(
        _insecure,
        lambda wanted: list(map(_quoted, insecure_registries(wanted or ()))),
        lambda info: insecure_registries(info.insecure_registries),
    ),
    "debug": _boolean("Debug"),
    "live-restore": _boolean("LiveRestoreEnabled"),
    "labels": Shown(
        _labels,
        lambda wanted: list(map(_quoted, wanted or ())),
        lambda info: info.raw.get("Labels") or [],
    ),
    "storage-driver": _string("Driver"),
    "log-driver": _string("LoggingDriver"),
    "default-runtime": _string("DefaultRuntime"),
}
"""The keys whose effect can be seen (docker/cli `docker info`, 18.06 to 29)."""

DEFAULTS = {"debug": False, "live-restore": False, "log-driver": "json-file", "default-runtime": "runc"}
"""What engines from 18.06 to 29 choose by themselves."""

_ALWAYS_KEPT = frozenset({"registry-mirrors", "insecure-registries"})
"""They are known even where the document is not kept."""
