"""Names, routes, packet filter and proxies of a host."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.host_files.lines import lines


@dataclass(frozen=True, slots=True)
class Route:
    """`network` in CIDR notation; the default route is left out. `on_link`: without a gateway."""

    interface: str
    network: str
    on_link: bool = False


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy setting and the file, or "environment", that makes it; its user and password are masked."""

    where: str
    setting: str


@dataclass(frozen=True, slots=True)
class Network:
    """`nameservers` is None when there is no /etc/resolv.conf. `iptables` is what `iptables --version` prints,
    "" when there is no such command.

    `legacy_tables` are the tables that the legacy iptables backend has rules in. `docker0_zones` are firewalld's own
    zone files that name docker0. `running_units` are those units, of the few that matter here, that run now.
    """

    nameservers: tuple[str, ...] | None = None
    answers_dns: bool = False
    routes: tuple[Route, ...] = ()
    docker0: bool = False
    ip_forward: bool | None = None
    iptables: str | None = None
    legacy_tables: tuple[str, ...] = ()
    docker0_zones: tuple[str, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    running_units: frozenset[str] = frozenset()
    cloud_init_runs: bool = False


def network(single: Mapping[str, str]) -> Network:
    """Read the frames by name."""
    resolver = single.get("resolv-conf")
    return Network(
        nameservers=None if resolver is None else tuple(re.findall(r"^\s*nameserver\s+(\S+)", resolver, re.MULTILINE)),
        answers_dns=bool(single.get("dns-sockets", "").strip()),
        routes=tuple(_routes(single.get("routes", ""))),
        docker0="docker0" in single,
        ip_forward=single["ip-forward"].strip() == "1" if "ip-forward" in single else None,
        iptables=single["iptables"].strip() if "iptables" in single else None,
        legacy_tables=tuple(single.get("legacy-tables", "").split()),
        docker0_zones=tuple(single.get("firewalld-docker0", "").split()),
        proxies=tuple(_proxies(single.get("proxies", ""))),
        running_units=frozenset(single.get("running-units", "").split()),
        cloud_init_runs="cloud-init" in single,
    )


def _routes(body: str) -> list[Route]:
    """The rows of /proc/net/route: addresses are hexadecimal in the host's byte order."""
    found = []
    for line in lines(body)[1:]:
        row = line.split()
        if len(row) < 8 or not all(re.fullmatch(r"[0-9A-Fa-f]{8}", row[column]) for column in (1, 2, 7)):
            continue
        address, mask = (int.from_bytes(bytes.fromhex(word), "little") for word in (row[1], row[7]))
        if mask:
            bits = f"{mask:032b}".count("1")
            found.append(
                Route(row[0], str(ipaddress.ip_network((address & mask, bits), strict=False)), not int(row[2], 16))
            )
    return found


def _proxies(body: str) -> list[Proxy]:
    found = []
    for line in lines(body):
        where, _, setting = line.partition(":")
        value = re.split(r"=|::proxy[: ]", setting, maxsplit=1, flags=re.IGNORECASE)[-1].strip(" \t;\"'")
        if value and value.upper() not in {"DIRECT", "_NONE_"}:
            found.append(Proxy(where, setting.strip()))
    return found
