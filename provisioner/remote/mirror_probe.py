"""Ask mirrors from a host how they answer: one script, every mirror at once, whatever tools the host has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from provisioner.errors import FactsError
from provisioner.host_files.lines import lines
from provisioner.masking import masked
from provisioner.mirror_probe import DOCKER_HUB_URL
from provisioner.mirror_probe.answer import HELLO, Answer, Image, Probed
from provisioner.mirror_probe.proxies import Proxies, engine_proxies
from provisioner.remote.ask_host import ask_host
from provisioner.transports import limits
from provisioner.transports.base import Transport

LIMIT, CONNECT, TOTAL = 8, 4, 20
"""Seconds: for one request, for a connection, and after which a mirror is asked nothing more."""

MOST = 16 * 2**20
"""Bytes of a blob that are fetched at most to measure the throughput."""

TOOLS = ("curl", "python3", "wget", "busybox", "bash", "apt_helper")


def probe_mirrors(
    transport: Transport,
    urls: Sequence[str],
    images: Sequence[Image] = (),
    *,
    become_password: str | None = None,
    reference: str = DOCKER_HUB_URL,
    tool: str = "",
    proxies: Proxies | None = None,
    pings: Sequence[str] = (),
) -> tuple[Probed, ...]:
    """Ask every mirror at once from the host behind `transport`; takes at most TOTAL + LIMIT seconds.

    `reference` is asked for digests only, to compare with; "" for none. `tool` is one of TOOLS to use, "" for the
    best that the host has. `proxies` None: those that the host's engine asks through, which takes a look at it first.
    `pings` are asked for nothing but /v2/, after `urls` in the result: mirrors of other registries than Docker Hub.

    Raises:
        ConnectError: see `Transport.run`.
        FactsError: the answer is incomplete, or there is no room on the host for those of the mirrors.
    """
    if proxies is None:
        proxies = engine_proxies(
            ask_host(transport, "engine_proxies.sh.j2", become_password=become_password, timeout=LIMIT + 30)
        )
    mirrors = [{"base": url.rstrip("/"), "depth": "full"} for url in urls]
    mirrors += [{"base": url.rstrip("/"), "depth": "ping"} for url in pings]
    if reference:
        mirrors.append({"base": reference.rstrip("/"), "depth": "look"})
    found = ask_host(
        transport,
        "mirror_probe.sh.j2",
        become_password=become_password,
        timeout=TOTAL + LIMIT + 30,
        mirrors=mirrors,
        images=(HELLO, *images),
        limit=LIMIT,
        connect=CONNECT,
        total=TOTAL,
        most=MOST,
        tool=tool,
        proxies=proxies,
    )
    if "no-room" in found:
        raise FactsError(f"{transport.name}: {found['no-room']}")
    used = found.get("tool", "").replace("apt_helper", "apt-helper")
    return tuple(
        Probed(
            url=mirror["base"],
            tool=used,
            steps={
                name.partition(" ")[2]: _answer(body)
                for name, body in found.items()
                if name.startswith(f"{number} ") and not name.endswith(" unfinished")
            },
            reference=mirror["depth"] == "look",
            pinged=mirror["depth"] == "ping",
            unfinished=found.get(f"{number} unfinished", "").strip(),
            proxies_said_by=proxies.said_by,
        )
        for number, mirror in enumerate(mirrors)
    )


def _answer(text: str) -> Answer:
    """Facts as NAME=VALUE lines, an empty line, headers (of every hop), two empty lines, the body's beginning."""
    head, _, rest = text.partition("\n\n")
    said = dict(line.split("=", 1) for line in lines(head) if "=" in line)
    hops_headers, _, body = rest.partition("\n\n")
    hop = re.split(r"(?im)^HTTP/[0-9.]+ .*$", hops_headers)[-1]
    headers = dict(line.split(":", 1) for line in lines(hop) if ":" in line)
    took = _number(said.get("ended", "")) - _number(said.get("began", ""))
    hops = max(_number(said.get("last_hop", "")) - _number(said.get("first_hop", "")), 0.0)
    return Answer(
        status=int(_number(said.get("status", ""))),
        exit=int(_number(said.get("exit", ""))),
        error=_clean(masked(said.get("error", ""))),
        headers={name.strip().lower(): _clean(value) for name, value in headers.items()},
        body=_clean(body),
        dns=_number(said.get("dns", "")),
        tcp=_number(said.get("tcp", "")),
        tls=_number(said.get("tls", "")),
        first_byte=(_number(said.get("first", "")) or took) + hops,
        total=(_number(said.get("total", "")) or took) + hops,
        size=int(_number(said.get("bytes", ""))),
        ip=said.get("ip", ""),
        sha256=said.get("sha256", ""),
        wanted=said.get("wanted", ""),
        created=said.get("created", ""),
        place=_clean(said.get("place", "")),
        proxy=_clean(said.get("proxy", "")),
        unchecked="unchecked" in said,
    )


def _number(text: str) -> float:
    # Old curl writes decimals as the locale does.
    match = re.match(rf"\s*([0-9]{{1,{limits.DIGITS}}}(?:[.,][0-9]{{1,{limits.DIGITS}}})?)(?![0-9])", text)
    return float(match[1].replace(",", ".")) if match else 0.0


def _clean(text: str) -> str:
    """What a server sent, fit for a terminal and for JSON."""
    text = text.encode("utf-8", "replace").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else " " for char in text).strip()
