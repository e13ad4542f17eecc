"""Values of daemon.json in the form in which the engine keeps them, so that two that mean the same are equal.

As registry/config.go and config.GetConflictFreeLabels of moby do it, seen with 20.10.24, 26.1.5 and 28.5.2.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from typing import Any

from provisioner.catalogue.daemon_keys import key

ALWAYS_INSECURE = frozenset({"127.0.0.0/8", "::1/128"})
"""Every engine adds the first by itself, and the second since 27."""

_UNITS = "kmgtp"


def same(name: str, one: Any, other: Any) -> bool:
    """True when both values of the key `name` mean the same to the engine."""
    return _comparable(normal(name, one)) == _comparable(normal(name, other))


def normal(name: str, value: Any) -> Any:
    """Return `value` of the key `name` as the engine keeps it; one that it would refuse is returned as it is."""
    if name == "registry-mirrors":
        return mirrors(value) if _strings(value) else value
    if name == "insecure-registries":
        return insecure_registries(value) if _strings(value) else value
    if name == "labels":
        return sorted(set(value)) if _strings(value) else value
    row = key(name)
    if row and row.type == "size" and isinstance(value, str):
        return _bytes(value)
    return value


def mirrors(urls: Iterable[str]) -> list[str]:
    """Return the URLs in their order, each once, without trailing slashes."""
    return list(dict.fromkeys(url.rstrip("/") for url in urls))


def insecure_registries(registries: Iterable[str]) -> list[str]:
    """Return them sorted, each once: without a scheme, networks by their first address, none that every engine adds.

    docker.io is always secure, whatever the configuration says.
    """
    bare = (re.sub(r"\Ahttps?://", "", registry, flags=re.IGNORECASE) for registry in registries)
    return sorted({_network(registry) for registry in bare} - ALWAYS_INSECURE - {"docker.io"})


def _network(registry: str) -> str:
    if re.fullmatch(r"[^/]+/\d{1,3}", registry):
        try:
            return str(ipaddress.ip_network(registry, strict=False))
        except ValueError:
            pass
    return registry


def _bytes(size: str) -> str:
    """A size such as 64M, 64mb or 1.5GiB in bytes, always by powers of 1024 (go-units RAMInBytes)."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", size, re.IGNORECASE)
    if not match:
        return size
    number, unit = match.groups()
    return f"{int(float(number) * 1024 ** (_UNITS.index(unit.lower()) + 1 if unit else 0))}b"


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(member, str) for member in value)


def _comparable(value: Any) -> str:
    """True is not 1 to dockerd, and the order of an object's members says nothing."""
    return json.dumps(value, sort_keys=True)
