"""Through which proxy an engine asks a registry: what its process, its configuration and its unit say.

The rules are those of Go's golang.org/x/net/http/httpproxy, which dockerd and containerd use.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from provisioner.host_files.daemon_json import PATH, DaemonJson

ALWAYS_DIRECT = ("nlocalhost:*", "a127.*.*.*:*", "a::1:*")
"""This machine itself is never asked through a proxy."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """`http` and `https` are the proxies for URLs of that scheme, "" for none; `said_by` is what names them.

    `direct` are the addresses that are asked without them, as patterns of the shell: aADDRESS:PORT, nNAME:PORT.
    """

    http: str = ""
    https: str = ""
    direct: tuple[str, ...] = ALWAYS_DIRECT
    said_by: str = ""


NONE = Proxies()


def engine_proxies(answer: Mapping[str, str]) -> Proxies:
    """Return what the frames of templates/engine_proxies.sh.j2 say: the engine's proxies where it has them.

    Where there is no engine, those of the login session.
    """
    if not answer.get("engine", "").strip():
        return proxies(_environment(answer.get("session", "")), "this session's environment")
    running = "environment" in answer
    environment = _environment(answer["environment"] if running else answer.get("unit", ""))
    said_by = "the environment of dockerd" if running else "docker.service"
    path = answer.get("config-path", "").strip() or PATH
    configured = DaemonJson.read(answer.get("config", ""), path).values.get("proxies")
    flags = _flags(answer.get("command-line", "").splitlines())
    # dockerd puts both into its own environment when it starts (moby cmd/dockerd, 23.0).
    for given, by in ((configured if isinstance(configured, dict) else {}, path), (flags, "an option of dockerd")):
        told = {name: value for name, value in given.items() if name in _NAMES and isinstance(value, str) and value}
        if told:
            environment |= {_NAMES[name]: value for name, value in told.items()}
            said_by = by
    return proxies(environment, said_by)


def shown_proxies(info: Mapping[str, Any]) -> Proxies | None:
    """Return those that `docker info` shows, None where it hides a login of theirs (moby: xxxxx:xxxxx@)."""
    shown = {name: info.get(key) for name, key in _SHOWN.items()}
    if not all(isinstance(value, str) and "xxxxx" not in value for value in shown.values()):
        return None
    return proxies({name: str(value) for name, value in shown.items()}, "the engine")


def proxies(environment: Mapping[str, str], said_by: str) -> Proxies:
    """Return what Go makes of an environment; upper case comes first."""

    def value(name: str) -> str:
        return environment.get(name) or environment.get(name.lower(), "")

    http, https = _address(value("HTTP_PROXY")), _address(value("HTTPS_PROXY"))
    if not http and not https:
        return NONE
    return Proxies(http, https, tuple(dict.fromkeys((*ALWAYS_DIRECT, *_direct(value("NO_PROXY"))))), said_by)


def _address(text: str) -> str:
    """The proxy in a form that every tool reads and no shell or configuration file trips over."""
    text = text.strip()
    if not text:
        return ""
    if "://" not in text:
        text = f"http://{text}"
    # Go lets the proxy resolve names; curl calls that socks5h.
    return quote(re.sub(r"^socks5:", "socks5h:", text).rstrip("/"), safe="%/:=&?~#+!$,;@()*[]")


def _direct(text: str) -> Iterator[str]:
    for word in text.lower().split(","):
        entry = word.strip()
        if entry == "*":
            yield from ("a*", "n*")
            return
        try:
            yield from _network(ipaddress.ip_network(entry, strict=False)) if "/" in entry else _host(entry)
        except ValueError:
            continue  # Go passes over it, too


def _host(entry: str) -> Iterator[str]:
    match = re.fullmatch(r"\[(?P<six>[0-9a-f:.]+)\](?::(?P<six_port>\d+))?|(?P<name>[^:]+)(?::(?P<port>\d+))?", entry)
    host = entry if match is None else match["six"] or match["name"]
    port = "*" if match is None else match["six_port"] or match["port"] or "*"
    if re.fullmatch(r"[0-9.]+|.*:.*", host):
        yield f"a{ipaddress.ip_address(host)}:{port}"
        return
    name = host.removeprefix("*")
    if re.fullmatch(r"[a-z0-9._-]+", name):
        yield f"n*.{name.removeprefix('.')}:{port}"
        if not name.startswith("."):
            yield f"n{name}:{port}"


def _network(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Iterator[str]:
    """The octets of a network that vary, as a pattern for each value of the one that varies in part.

    Networks of IPv6 are passed over: mirrors are named, and a literal address of them has an entry of its own.
    """
    if network.version == 6:  # the protocol's name
        return
    whole, bits = divmod(network.prefixlen, 8)
    octets = str(network.network_address).split(".")
    if whole == 4:  # all octets
        yield f"a{network.network_address}:*"
        return
    first = int(octets[whole])
    for value in range(first, first + 2 ** (8 - bits)) if bits else ("*",):
        yield "a" + ".".join([*octets[:whole], str(value), *["*"] * (3 - whole)]) + ":*"


def _environment(text: str) -> dict[str, str]:
    """NAME=VALUE lines, with or without quotes and `export`, and systemd's list of them on one line."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        bare = line.strip().removeprefix("export ").removeprefix("Environment=")
        found |= {name: value for name, equals, value in (word.partition("=") for word in _words(bare)) if equals}
    return {name: value for name, value in found.items() if name.lower() in _VARIABLES}


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return [line]


def _flags(words: Iterable[str]) -> dict[str, str]:
    found, waiting = {}, ""
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        if waiting:
            found[waiting], waiting = word, ""
        elif word.startswith("--") and name in _NAMES:
            if equals:
                found[name] = value
            else:
                waiting = name
    return found


_NAMES = {"http-proxy": "HTTP_PROXY", "https-proxy": "HTTPS_PROXY", "no-proxy": "NO_PROXY"}
"""Keys of `proxies` in daemon.json, which are dockerd's options too, and the variables that they set."""

_SHOWN = {"HTTP_PROXY": "HttpProxy", "HTTPS_PROXY": "HttpsProxy", "NO_PROXY": "NoProxy"}

_VARIABLES = {name.lower() for name in _NAMES.values()}
