"""Reach: which package sources answer from a host, how fast, with which key and which versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.facts.frames import frames, new_nonce
from provisioner.facts.model import Facts
from provisioner.render import root_script
from provisioner.spec import Spec
from provisioner.tables import Platform, docker_key, package_sources
from provisioner.transports.base import Transport

LIMIT = 8
"""Seconds a source has for each of its three small files."""


@dataclass(frozen=True, slots=True)
class Source:
    """A package source as it is asked: `base` goes up to, without, /linux/; `fingerprint` is its pinned key."""

    name: str
    base: str
    fingerprint: str
    index_url: str
    key_url: str
    list_url: str


@dataclass(frozen=True, slots=True)
class SourceReach:
    """The answer of one source. `problem` is "" when it can be installed from; `versions` by package, as listed."""

    source: Source
    problem: str = ""
    seconds: float = 0.0
    key: str = ""
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def sources_to_ask(platform: Platform, facts: Facts, spec: Spec) -> tuple[Source, ...]:
    """Return the sources that `spec` allows for this host, preferred ones first."""
    if not platform.repository:
        return ()
    named = package_sources()
    if spec.source == "auto":
        wanted = dict(named)
    elif "://" in spec.source:
        wanted = {"given": spec.source}
    else:
        wanted = {spec.source: named[spec.source]} if spec.source in named else {}
    return tuple(_source(name, base, platform, facts, spec) for name, base in wanted.items())


def probe(transport: Transport, sources: tuple[Source, ...], *, become_password: str | None) -> tuple[SourceReach, ...]:
    """Ask every source from the host at once; takes seconds, however many are dead."""
    if not sources:
        return ()
    nonce = new_nonce()
    script = root_script("probe.sh.j2", nonce, become_password, sources=sources, limit=LIMIT)
    answer = {frame.name: frame.body for frame in frames(transport.run(script, timeout=LIMIT * 4 + 30).stdout, nonce)}
    return tuple(_reach(source, answer) for source in sources)


def _source(name: str, base: str, platform: Platform, facts: Facts, spec: Spec) -> Source:
    root = f"{base}/linux/{platform.repository}"
    if platform.family == "deb":
        suite = f"{root}/dists/{platform.suite}"
        index = f"{suite}/InRelease"
        packages = f"{suite}/{spec.channel}/binary-{facts.package_arch}/Packages.gz"
    else:
        index = f"{root}/{platform.suite}/{facts.arch}/{spec.channel}/repodata/repomd.xml"
        packages = ""
    return Source(
        name=name,
        base=base,
        fingerprint=spec.source_fingerprint or docker_key(platform.family),
        index_url=index,
        key_url=f"{root}/gpg",
        list_url=packages,
    )


def _reach(source: Source, answer: Mapping[str, str]) -> SourceReach:
    times = answer.get(f"times {source.name}", "").split()
    seconds = (int(times[1]) - int(times[0])) / 1e9 if len(times) == 2 and all(map(str.isdigit, times)) else 0.0
    problem = answer.get(f"problem {source.name}", "").strip()
    if not problem and f"versions {source.name}" not in answer:
        problem = "no answer"
    return SourceReach(
        source=source,
        problem=problem,
        seconds=seconds,
        key=answer.get(f"key {source.name}", ""),
        versions=_versions(answer.get(f"versions {source.name}", "")),
    )


def _versions(text: str) -> dict[str, tuple[str, ...]]:
    """The list alternates between a package's name and its version."""
    lines = text.split()
    found: dict[str, list[str]] = {}
    for name, version in zip(lines[::2], lines[1::2], strict=False):
        found.setdefault(name, []).append(version)
    return {name: tuple(versions) for name, versions in found.items()}
