"""Daemon configuration as the running engine shows it, so that what a file says can be compared with what is true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.facts.model import EngineInfo


@dataclass(frozen=True, slots=True)
class Shown:
    """How `docker info` shows a key of daemon.json: by template on the host, and in its JSON document here.

    `text` is what the template prints for a value of daemon.json, `value` takes that value out of the document.
    """

    template: str
    text: Callable[[Any], str]
    value: Callable[[Mapping[str, Any]], Any]


def _words(values: Any) -> str:
    return "".join(f"{value} " for value in values or ())


def _truth(value: Any) -> str:
    return "true" if value else "false"


SHOWN: dict[str, Shown] = {
    "registry-mirrors": Shown(
        "{{range .RegistryConfig.Mirrors}}{{.}} {{end}}",
        lambda urls: _words(url.rstrip("/") + "/" for url in urls or ()),
        lambda info: [url.rstrip("/") for url in (info.get("RegistryConfig") or {}).get("Mirrors") or ()],
    ),
    "debug": Shown("{{.Debug}}", _truth, lambda info: bool(info.get("Debug"))),
    "live-restore": Shown("{{.LiveRestoreEnabled}}", _truth, lambda info: bool(info.get("LiveRestoreEnabled"))),
    "labels": Shown("{{range .Labels}}{{.}} {{end}}", _words, lambda info: list(info.get("Labels") or ())),
    "storage-driver": Shown("{{.Driver}}", str, lambda info: info.get("Driver", "")),
    "log-driver": Shown("{{.LoggingDriver}}", str, lambda info: info.get("LoggingDriver", "")),
    "default-runtime": Shown("{{.DefaultRuntime}}", str, lambda info: info.get("DefaultRuntime", "")),
}
"""The keys whose effect can be seen (docker/cli `docker info`, 18.06 to 29)."""


def live_value(info: EngineInfo, key: str) -> Any:
    """Return the value that the engine has for `key` now; None when it does not show that key.

    Values compare with those of daemon.json: mirrors without trailing slashes, insecure registries sorted.
    """
    if key == "registry-mirrors":
        return list(info.mirrors)
    if key == "insecure-registries":
        return list(info.insecure_registries)
    return SHOWN[key].value(info.raw) if key in SHOWN and info.raw else None


def shows(info: EngineInfo, key: str, wanted: Any) -> bool:
    """False when the engine visibly has another value for `key` than `wanted`."""
    live = live_value(info, key)
    if live is None:
        return True
    if key == "registry-mirrors":
        return bool(live == [url.rstrip("/") for url in wanted or ()])
    if key == "insecure-registries":
        return bool(live == sorted(wanted or ()))
    return bool(live == wanted)
