"""Reach: which package sources answer from a host, how fast, with which key and which versions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.catalogue.package_sources import docker_key, package_sources
from provisioner.catalogue.platforms import Platform, Suite
from provisioner.facts.model import Facts
from provisioner.host_files.openpgp import fingerprints
from provisioner.wanted.spec import Spec

APT_SOURCES = ("/etc/apt/sources.list.d/docker.sources", "/etc/apt/sources.list.d/docker.list")
APT_KEY = "/etc/apt/keyrings/docker.asc"
RPM_REPOSITORY = "/etc/yum.repos.d/docker-ce.repo"
RPM_KEY = "/etc/pki/rpm-gpg/RPM-GPG-KEY-docker"
CONFIGURED, GIVEN = "configured", "given"


@dataclass(frozen=True, slots=True)
class SuiteFiles:
    """One release in a source, by the three small files that tell which packages are there: index, key, package list.

    `lists` is the package list in the index of an apt source, without its packing; "" where the index has but one.
    """

    suite: Suite
    index_url: str
    key_url: str
    lists: str


@dataclass(frozen=True, slots=True)
class Source:
    """A package source as it is asked: `base` goes up to, without, /linux/; `fingerprint` is its pinned key.

    Of its `suites` the first one that it carries is taken.
    """

    name: str
    base: str
    fingerprint: str
    suites: tuple[SuiteFiles, ...]

    @property
    def trusted(self) -> bool:
        """It may get the login that dnf and yum have for all: they will ask it, and somebody named it or set it up."""
        return self.name in {CONFIGURED, GIVEN} and not any(suite.lists for suite in self.suites)


@dataclass(frozen=True, slots=True)
class SourceReach:
    """The answer of one source. `problem` is "" when it can be installed from; `versions` by package, as listed.

    `listed` is False where the host has nothing that unpacks the list; the package manager will say then.
    `seconds` is what its index took, `suite_index` the place in `source.suites` of the one that it carries.
    """

    source: Source
    problem: str = ""
    seconds: float = 0.0
    key: str = ""
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: bool = True
    suite_index: int = 0

    @property
    def suite(self) -> Suite:
        return self.source.suites[self.suite_index].suite

    @property
    def stepped_back(self) -> str:
        """What is to be known when it has an older release only, else ""."""
        if not self.suite_index:
            return ""
        wanted = self.source.suites[0].suite
        return f"{self.source.base} does not carry {wanted} (yet); its packages of {self.suite} are taken"


@dataclass(frozen=True, slots=True)
class ScriptReach(SourceReach):
    """The installation script as a host has fetched it; its URL is the base of `source`."""

    text: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", "surrogateescape")).hexdigest()


def sources_to_ask(platform: Platform, facts: Facts, spec: Spec) -> tuple[Source, ...]:
    """Return the sources that `spec` allows for this host, preferred ones first.

    With `auto` that is the one that an earlier run has set up here, then the table's; those inside a cloud only on
    a host of that cloud.
    """
    if not platform.suites:
        return ()
    named = package_sources()
    pinned = spec.source_fingerprint or docker_key(platform.family)
    if spec.source == "auto":
        wanted = {name: row.base for name, row in named.items() if not row.cloud or row.cloud in facts.hardware}
        configured = configured_source(facts, platform)
        ours = [(CONFIGURED, *configured)] if configured and configured[0] not in wanted.values() else []
        return tuple(
            _source(row, platform, facts, spec)
            for row in [*ours, *((name, base, pinned) for name, base in wanted.items())]
        )
    if "://" in spec.source:
        return (_source((GIVEN, spec.source, pinned), platform, facts, spec),)
    row = named.get(spec.source)
    return (_source((row.name, row.base, pinned), platform, facts, spec),) if row else ()


def configured_source(facts: Facts, platform: Platform) -> tuple[str, str] | None:
    """Return base and key fingerprint of the source that an earlier run has set up on this host, if there is one.

    Where its key is missing, that is Docker's; what is signed by another one is not trusted then.
    """
    base, key = configured_base(facts, platform), facts.file(APT_KEY if platform.family == "deb" else RPM_KEY)
    if not base:
        return None
    if not key:
        return base, docker_key(platform.family)
    try:
        (fingerprint,) = fingerprints(key.text)
    except ValueError:
        return None
    return base, fingerprint


def configured_base(facts: Facts, platform: Platform) -> str:
    """Return the base of the source in the file that an earlier run has written on this host, else ""."""
    paths = APT_SOURCES if platform.family == "deb" else (RPM_REPOSITORY,)
    file = next((file for path in paths if (file := facts.file(path))), None)
    found = re.search(r"(https?://\S+?)/linux/", file.text) if file else None
    return found.group(1) if found else ""


def key_problem(answer: SourceReach) -> str:
    """Return why nothing that this source offers may be trusted, or ""."""
    try:
        found = fingerprints(answer.key)
    except ValueError as cause:
        return f"its key cannot be read: {cause}"
    if set(found) != {answer.source.fingerprint}:
        return f"its key is {', '.join(found)}, expected {answer.source.fingerprint}; nothing of it is trusted"
    return ""


def _source(named: tuple[str, str, str], platform: Platform, facts: Facts, spec: Spec) -> Source:
    """`named` is name, base and the fingerprint of the key."""
    _, base, _ = named
    return Source(*named, tuple(_files(base, suite, platform, facts, spec) for suite in platform.suites))


def _files(base: str, suite: Suite, platform: Platform, facts: Facts, spec: Spec) -> SuiteFiles:
    root = f"{base}/linux/{suite.directory}"
    if platform.family == "deb":
        below = f"{root}/dists/{suite.name}"
        lists = f"{spec.channel}/binary-{facts.package_arch}/Packages"
        return SuiteFiles(suite, f"{below}/InRelease", f"{root}/gpg", lists)
    below = f"{root}/{suite.name}/{facts.arch}/{spec.channel}"
    return SuiteFiles(suite, f"{below}/repodata/repomd.xml", f"{root}/gpg", "")
