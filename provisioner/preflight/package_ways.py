"""Proxies that lead to packages and do not answer, seen before anything is asked through them.

A claim is made only where every way that could be taken leads through one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from provisioner.catalogue.package_sources import package_sources
from provisioner.facts.package_ways import Way
from provisioner.preflight.finding import Finding, Subject, failed, warned
from provisioner.wanted.spec import Spec
from provisioner.wanted.strategies import takes_dockers_builds


def hosts_to_ask(spec: Spec) -> tuple[str, ...]:
    """Scheme and host of where Docker's packages would come from, as far as that is known before a source is chosen."""
    if not spec.install or not takes_dockers_builds(spec.strategy):
        return ()
    named = package_sources().get(spec.source if spec.source != "auto" else "official")
    parts = urlsplit(spec.source if "://" in spec.source else named.base if named else "")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return (f"{parts.scheme}://{host}{port}",) if host else ()


def package_ways(subject: Subject) -> Iterator[Finding]:
    platform, spec = subject.platform, subject.spec
    ways = subject.facts.package_state.ways
    dead = [way for way in ways if way.why]
    if not subject.installs or platform is None or not dead:
        return
    asked = [way for way in ways if not way.listed]
    listed = [way for way in ways if way.listed]
    ours = bool(platform.suites) and takes_dockers_builds(spec.strategy)
    theirs = bool(platform.distro_packages) and spec.source == "auto" and spec.strategy in {"auto", "distro-packages"}
    no_way = (not ours or (bool(asked) and _all_dead(asked, listed if spec.source == "auto" else ()))) and (
        not theirs or _all_dead(listed, ())
    )
    said, way_out = _said(dead), _way_out(dead)
    if no_way and theirs:
        yield failed("archive proxy", f"no package can come: {said}", way_out, "install")
    elif no_way:
        yield failed("source proxy", f"no package source can be asked: {said}", way_out, "install")
    else:
        yield warned("package proxy", said, way_out)


def _all_dead(ways: Sequence[Way], others: Sequence[Way]) -> bool:
    """`others` count where there are any; a way that nobody knows of is no claim."""
    return bool(ways) and all(way.why for way in (*ways, *others))


def _said(dead: Sequence[Way]) -> str:
    proxies: dict[str, list[Way]] = {}
    for way in dead:
        proxies.setdefault(way.proxy, []).append(way)
    return "; ".join(
        f"the proxy {proxy}, which {rows[0].where or 'the environment'} sets for {', '.join(row.uri for row in rows)}, "
        f"takes no connection ({rows[0].why})"
        for proxy, rows in proxies.items()
    )


def _way_out(dead: Sequence[Way]) -> str:
    files = list(dict.fromkeys(way.where for way in dead if way.where))
    return f"start it, or take it out of {' and '.join(files) or 'the environment'}"


CHECKS = (package_ways,)
