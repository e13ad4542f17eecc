"""Secrets in JSON values, and in the words of a command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.masking.names import names_secret
from provisioner.masking.secrets import HIDDEN, masked


def masked_document(value: Any, name: str = "") -> Any:
    """Return a JSON value with its strings masked, and all leaves below keys that name a secret hidden.

    Tuples and sets become lists. `name` is the key that `value` stands below.

    >>> masked_document({"Labels": ["token=abc"], "registry-token": {"of": 7}, "debug": True})
    {'Labels': ['token=***'], 'registry-token': {'of': '***'}, 'debug': True}
    """
    if isinstance(value, dict):
        return _masked_object(value, name)
    if isinstance(value, (list, tuple)):
        return _masked_list(value, name)
    if isinstance(value, (set, frozenset)):
        return _masked_list(sorted(value), name)
    if isinstance(value, bool) or value is None or value == "":
        return value
    if names_secret(name):
        return HIDDEN
    if not isinstance(value, str):
        return value
    if "proxy" in str(name).lower():  # its login may stand there without a scheme in front
        return masked(f"proxy={value}").removeprefix("proxy=")
    return masked(value)


def _masked_object(value: Mapping[Any, Any], name: str) -> dict[Any, Any]:
    shown: dict[Any, Any] = {}
    for key, item in value.items():
        said = first = masked(key) if isinstance(key, str) else key
        while said in shown:  # two keys that differ in what is hidden
            said = f"{first} ({len(shown) + 1})"
        shown[said] = masked_document(item, name if names_secret(name) else key)
    return shown


def _masked_list(items: Sequence[Any], name: str) -> list[Any]:
    """The words of a command line may be among them: what follows --some-token is one."""
    shown, hides = [], False
    for item in items:
        shown.append(masked_document(item, "secret" if hides else name))
        hides = isinstance(item, str) and item.startswith("-") and "=" not in item and names_secret(item)
    return shown


def masked_words(argv: Sequence[str]) -> list[str]:
    """The words of a command line as they may be kept: of `--daemon KEY=JSON` only values that cannot hide one."""
    kept: list[str] = []
    for word in argv:
        if kept and kept[-1] == "--daemon":
            kept.append(_plain(word))
        elif word.startswith("--daemon="):
            kept.append("--daemon=" + _plain(word.removeprefix("--daemon=")))
        else:
            kept.append(masked(word))
    return kept


def _plain(setting: str) -> str:
    key, _, value = setting.partition("=")
    shown = value in {"true", "false", "null"} or value.lstrip("-").isdigit() or value.isalpha()
    return f"{key}={value if shown and masked(setting) == setting else HIDDEN}"
