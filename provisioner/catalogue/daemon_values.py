"""Values of daemon.json that an engine refuses although their key and type are right.

The rows are in data/daemon_keys.toml; what a mirror or an insecure registry may be is dockerd's own check, which
`dockerd --validate` makes for mirrors since 28 and for insecure registries never (seen with 26.1.5 and 28.5.2).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.catalogue.daemon_keys import Release, key_problems, release, release_name
from provisioner.catalogue.rows import data

HTTP_MIRRORS_OF_THE_STORE = (28, 0, 0)
"""First engine whose containerd image store asks a mirror by its scheme; before it asks http:// mirrors over https,
unless they are insecure registries (daemon.RegistryHosts of moby 23.0 to 27.5; seen with 26.1.5)."""

CHECKED_HOSTS = (17, 12, 0)
"""First engine that refuses a malformed insecure registry."""

_HOST = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?"
)


def start_problems(config: Mapping[str, Any], version: str) -> list[str]:
    """Return why this engine would refuse to start with `config`, by key, type or value; [] when it would not."""
    of_keys = key_problems(config, version)
    odd = {name for name in config if key_problems({name: config[name]}, version)}
    sound = {name: value for name, value in config.items() if name not in odd and value is not None}
    return [*of_keys, *_of_values(sound, release(version))]


def container_problems(config: Mapping[str, Any], version: str) -> list[str]:
    """Return why no container would start below this engine, which itself starts with `config`."""
    return list(_came_and_went(config, release(version), containers=True))


def asked_over_https(mirrors: list[Any], insecure: list[Any], version: str) -> list[str]:
    """Return those http:// mirrors that the containerd image store of this engine would ask over https."""
    engine = release(version)
    if not engine or engine >= HTTP_MIRRORS_OF_THE_STORE:
        return []
    plain = [url for url in mirrors if isinstance(url, str) and url.lower().startswith("http://")]
    return [url for url in plain if url.partition("://")[2].partition("/")[0] not in insecure]


def _of_values(config: Mapping[str, Any], engine: Release) -> Iterator[str]:
    for url in config.get("registry-mirrors", ()):
        if wrong := _mirror(url):
            yield f"the mirror {url!r} {wrong}"
    for registry in config.get("insecure-registries", ()):
        if wrong := _insecure(registry, engine):
            yield f"the insecure registry {registry!r} {wrong}"
    yield from _came_and_went(config, engine, containers=False)
    for row in data("daemon_keys")["choice"]:
        for name, value in _settings(config, row["key"]):
            if name == row["name"] and value not in row["values"]:
                yield f"{name} in {row['key']} may be {' or '.join(row['values'])}, not {value!r}"
            elif name != row["name"] and engine >= release(row["alone"]):
                since = release_name(release(row["alone"]))
                yield f"{name} in {row['key']} is none that Docker takes since {since}, this is {release_name(engine)}"


def _came_and_went(config: Mapping[str, Any], engine: Release, *, containers: bool) -> Iterator[str]:
    for row in data("daemon_keys")["value"]:
        if row.get("containers", False) == containers and _counts(row["key"], config, engine):
            names = [name for name, _ in _settings(config, row["key"])]
            yield from _gone(row, engine) if row["value"] in names else ()


def _gone(row: Mapping[str, Any], engine: Release) -> Iterator[str]:
    what = f"{row['value']} in {row['key']}"
    note = f" ({row['note']})" if row.get("note") else ""
    if engine and engine < release(row.get("since", "")):
        yield f"{what} came with Docker {release_name(release(row['since']))}, this is {release_name(engine)}{note}"
    if engine and "until" in row and engine >= release(row["until"]):
        yield f"{what} went with Docker {release_name(release(row['until']))}, this is {release_name(engine)}{note}"


def _counts(key: str, config: Mapping[str, Any], engine: Release) -> bool:
    """Drivers of images and their options count only where graph drivers keep the images.

    The containerd image store takes them when it is asked for, and since 29 on new installations.
    """
    if not key.startswith("storage-"):
        return True
    features = config.get("features")
    store = features.get("containerd-snapshotter") if isinstance(features, dict) else None
    return store is False or (store is None and (engine < (29, 0, 0) or "storage-driver" in config))


def _settings(config: Mapping[str, Any], key: str) -> list[tuple[str, str]]:
    """The names that a key's value holds, with their own values: of a string, of NAME=VALUE in a list, of an object."""
    value = config.get(key)
    if isinstance(value, str):
        return [(value, "")]
    if isinstance(value, dict):
        return [(str(name), str(member)) for name, member in value.items()]
    if isinstance(value, list):
        return [(name.strip().lower(), setting) for name, _, setting in (str(word).partition("=") for word in value)]
    return []


def _mirror(url: str) -> str:
    """Why registry.ValidateMirror refuses `url`; "" also where only some engines do."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", url)
    if scheme is None:
        return "has no scheme: https:// or http:// must stand in front"
    if scheme[1].lower() not in {"http", "https"}:
        return "has a scheme that is neither https:// nor http://"
    if re.search(r"[\x00-\x20\x7f]", url.partition("?")[0]):
        return "has a space or a control character in it"
    rest, _, fragment = url.partition("#")
    rest, _, query = rest.partition("?")
    if query or fragment:
        return "has a query or a fragment"
    authority, _, path = rest.partition("://")[2].partition("/")
    if "@" in authority:
        return "carries a user name or a password"
    if not re.fullmatch(r"(?:\[[^\]]*\]|[^\[\]:]*)(?::[0-9]*)?", authority):
        return "has no valid host and port"
    if re.search(r"%(?![0-9A-Fa-f]{2})", path):
        return "has a % that begins no escape"
    return ""


def _insecure(registry: str, engine: Release) -> str:
    scheme = re.match(r"(?i)https?://", registry)
    bare = registry[scheme.end() :] if scheme else registry
    if "://" in bare:
        return "has a scheme that is neither http:// nor https://"
    if not engine or engine < CHECKED_HOSTS:
        return ""
    if re.fullmatch(r"[^/]+/[0-9]{1,3}", bare):
        try:
            ipaddress.ip_network(bare, strict=False)
        except ValueError:
            return "is no network that dockerd can read"
        return ""
    host, _, port = bare.rpartition(":")
    if port.isdecimal() and int(port) > 65535:
        return "has a port that is no port"
    if _HOST.fullmatch(bare) or _is_address((host if port.isdecimal() else bare).strip("[]")):
        return ""
    return "is neither HOST[:PORT] nor a network such as 10.0.0.0/8"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
