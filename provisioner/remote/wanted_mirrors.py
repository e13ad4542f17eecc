"""Ask the mirrors that a host is to get, from that host, before they are written."""

from __future__ import annotations

from collections.abc import Collection

from provisioner.mirror_probe.judge import Judged, judge
from provisioner.mirror_probe.proxies import Proxies
from provisioner.remote.mirror_probe import probe_mirrors
from provisioner.transports.base import Transport
from provisioner.wanted.spec import Spec


def ask_wanted(
    transport: Transport,
    spec: Spec,
    *,
    become_password: str | None = None,
    there: Collection[str] = (),
    proxies: Proxies | None = None,
) -> tuple[Judged, ...]:
    """Return how the mirrors that `spec` brings answer to the host behind `transport`, in their order in `spec`.

    Those in `there` are not asked: the host has them already. Mirrors of other registries than Docker Hub are asked
    for nothing but whether a registry answers. `proxies` None: those of the host's engine, which is asked for them.
    Takes at most half a minute; () at once when there is nothing to ask.

    Raises:
        ConnectError: see `Transport.run`.
        FactsError: the answer is incomplete.
    """
    change = spec.mirror_change
    hub = spec.registry_mirrors or (change.add if change else ())
    others = [url for mirrors in spec.other_registry_mirrors.values() for url in mirrors]
    urls = [url for url in dict.fromkeys(hub) if url not in there]
    pings = [url for url in dict.fromkeys(others) if url not in there and url not in urls]
    if not urls and not pings:
        return ()
    judged = judge(
        probe_mirrors(transport, urls, pings=pings, become_password=become_password, reference="", proxies=proxies)
    )
    found = {mirror.url: mirror for mirror in judged}
    return tuple(found[url] for url in (*urls, *pings))
