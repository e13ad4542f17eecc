"""Packet filter, name resolution, addresses, proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from provisioner.preflight.finding import Finding, Subject, failed, passed, warned

DEFAULT_POOLS = (
    *(ipaddress.IPv4Network((f"172.{number}.0.0", 16)) for number in range(17, 32)),
    *ipaddress.IPv4Network("192.168.0.0/16").subnets(new_prefix=20),
)
"""The ranges that dockerd chooses from, docker0's first (moby libnetwork/ipamutils)."""

OWN_INTERFACES = re.compile(r"docker|br-[0-9a-f]{12}$")


def packet_filter(subject: Subject) -> Iterator[Finding]:
    facts, network = subject.facts, subject.facts.network
    if network.iptables is None:
        return
    if not network.iptables:
        if facts.engine.installed and not subject.installs and not subject.healthy:
            yield failed(
                "iptables",
                "there is no iptables command; dockerd does not start without it",
                "install the package iptables (iptables-nft on RHEL and its kin)",
                "start",
            )
        else:
            yield passed("iptables", "not used" if subject.healthy else "comes with the engine's packages")
        return
    if "nf_tables" in network.iptables and set(network.legacy_tables) & {"nat", "filter"}:
        yield warned(
            "iptables",
            f"{network.iptables}, and legacy rules in {', '.join(network.legacy_tables)}: both are applied, and each "
            "tool shows only its own",
            "decide for one (update-alternatives --config iptables), flush the other with iptables-legacy -F, reboot",
        )
        return
    yield passed("iptables", network.iptables)


def forwarding(subject: Subject) -> Iterator[Finding]:
    state = subject.facts.network.ip_forward
    if state is False and subject.healthy:
        yield warned(
            "IP forwarding",
            "net.ipv4.ip_forward is 0 although the engine runs: containers reach nothing outside",
            "sysctl -w net.ipv4.ip_forward=1, and find the file in /etc/sysctl.d that turns it off",
        )
    elif state is not None:
        yield passed("IP forwarding", "on" if state else "off; dockerd turns it on")


def firewalld(subject: Subject) -> Iterator[Finding]:
    network = subject.facts.network
    if "firewalld" not in network.running_units:
        return
    others = [path for path in network.docker0_zones if not path.endswith("/docker.xml")]
    if others:
        yield failed(
            "firewalld",
            f"docker0 belongs to a zone already ({', '.join(others)}); dockerd ends with ZONE_CONFLICT",
            f"firewall-cmd --permanent --zone={_zone(others[0])} --remove-interface=docker0 && firewall-cmd --reload",
            "start",
        )
        return
    yield passed("firewalld", "runs; dockerd puts docker0 into its zone docker")


def _zone(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".xml")


def name_servers(subject: Subject) -> Iterator[Finding]:
    network = subject.facts.network
    servers = network.nameservers
    if servers is None and not subject.facts.storage.mounts:
        return  # nobody asked
    if not servers:
        yield warned(
            "DNS", "/etc/resolv.conf names no server: package sources and registries are not found by name", _DNS
        )
    elif all(_loopback(server) and server != "127.0.0.11" for server in servers) and not network.answers_dns:
        yield warned("DNS", f"/etc/resolv.conf names only {', '.join(servers)}, and nothing listens there", _DNS)
    elif len(servers) > 3:
        yield warned("DNS", f"/etc/resolv.conf names {len(servers)} servers; all but the first three are ignored")
    else:
        yield passed("DNS", ", ".join(servers))


_DNS = "put a nameserver line into /etc/resolv.conf, or start the resolver that owns it"


def _loopback(server: str) -> bool:
    try:
        return ipaddress.ip_address(server.partition("%")[0]).is_loopback
    except ValueError:
        return False


def address_pools(subject: Subject) -> Iterator[Finding]:
    """The engine's first network against the routes of the host.

    Engines before 27 keep clear of every route and do not start when none of their ranges is left; newer ones keep
    clear of networks that the host is on, and cut off what is behind a gateway (moby libnetwork/netutils).
    """
    network = subject.facts.network
    if network.docker0 or not network.routes or {"bip", "default-address-pools"} & _configured(subject):
        return
    routes = [(route, ipaddress.ip_network(route.network)) for route in network.routes]
    others = [(route, net) for route, net in routes if not OWN_INTERFACES.match(route.interface)]
    first = [(route, net) for route, net in others if net.overlaps(DEFAULT_POOLS[0])]
    if subject.engine_major < 27:
        if all(any(net.overlaps(pool) for _, net in others) for pool in DEFAULT_POOLS):
            said = f"every range that dockerd would choose from has a route already ({first[0][0].interface})"
            yield failed("address pool", f"{said}: it does not start", _POOLS, "start")
            return
    else:
        behind = [route for route, net in first if not route.on_link and net.prefixlen >= 8]
        if behind:
            route = behind[0]
            said = f"{route.network} is reached through {route.interface}, and docker0 takes {DEFAULT_POOLS[0]} of it"
            yield warned("address pool", said, _POOLS)
            return
    taken = next((route for route, _ in first), None)
    avoided = f"{taken.network} ({taken.interface}) is in use, and avoided by dockerd" if taken else ""
    yield passed("address pool", avoided or f"no route overlaps {DEFAULT_POOLS[0]}")


_POOLS = (
    """choose another: --daemon bip='"10.210.0.1/24"' --daemon """
    """default-address-pools='[{"base":"10.211.0.0/16","size":24}]'"""
)


def _configured(subject: Subject) -> set[str]:
    return set(subject.spec.daemon) | set(subject.host.daemon_json.values)


def proxies(subject: Subject) -> Iterator[Finding]:
    """The daemon looks at its own environment and daemon.json, not at what shells and package managers use."""
    facts = subject.facts
    if not facts.network.proxies:
        return
    places = ", ".join(dict.fromkeys(proxy.where for proxy in facts.network.proxies))
    files = [
        *(file for unit in facts.units.values() for file in unit.files),
        facts.options_file,
        *facts.sysconfig_files,
    ]
    told = any(file and re.search(r"^[^#]*https?_proxy=", file.text, re.IGNORECASE | re.MULTILINE) for file in files)
    if told or "proxies" in _configured(subject):
        yield passed("proxy", f"set in {places}, and for the daemon")
        return
    yield warned(
        "proxy",
        f"a proxy is set in {places}, which dockerd does not look at: pulls go out directly",
        """give it to the daemon (23.0 and newer): --daemon proxies='{"https-proxy":"http://HOST:PORT"}'""",
    )


CHECKS = (packet_filter, forwarding, firewalld, name_servers, address_pools, proxies)
