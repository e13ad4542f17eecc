"""What can be installed on a host: by source, and the versions of the source that would be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from provisioner.catalogue.platforms import Platform
from provisioner.catalogue.versions import order
from provisioner.errors import TARGET, WANTED, FactsError, ProvisionerError, UnsupportedError
from provisioner.facts.model import Facts
from provisioner.facts.platform import platform_of
from provisioner.preflight.distribution import unknown_distribution
from provisioner.remote.ask_host import ask_host
from provisioner.remote.gather import gather
from provisioner.remote.source_probe import probe_sources
from provisioner.runs.answers import answers
from provisioner.runs.target import Target
from provisioner.sources.choice import choose_source
from provisioner.sources.reach import SourceReach, key_problem, sources_to_ask

LISTING = 180.0


@dataclass(frozen=True, slots=True)
class Offers:
    """The answer of one host. `versions` are those of `package`, newest first; `origin` says where they come from."""

    host: str
    platform: Platform | None = None
    platform_name: str = ""
    reach: tuple[SourceReach, ...] = ()
    package: str = ""
    origin: str = ""
    versions: tuple[str, ...] = ()
    installed: str = ""
    error: ProvisionerError | None = field(default=None, compare=False)

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0

    @property
    def ranked(self) -> list[SourceReach]:
        """The sources, usable ones first: for this very release before an older one, then by time."""
        return sorted(self.reach, key=lambda answer: (bool(problem_of(answer)), answer.suite_index > 0, answer.seconds))


def problem_of(answer: SourceReach) -> str:
    """Why packages are not taken from this source; "" when they could be."""
    return answer.problem or key_problem(answer)


def sources(targets: Sequence[Target], *, forks: int) -> list[Offers]:
    """Ask every package source from every host, waiting for the slow ones too: what `source probe` does."""
    return answers(targets, _sources, failed, forks=forks)


def versions(targets: Sequence[Target], *, forks: int) -> list[Offers]:
    """Return the versions of the engine package that `apply` would choose from on each host."""
    return answers(targets, _versions, failed, forks=forks)


def failed(name: str, error: ProvisionerError) -> Offers:
    """A host that could not be asked, or whose answer is of no use."""
    return Offers(name, error=error)


def _sources(target: Target) -> Offers:
    facts, platform, name = _known(target)
    asked = sources_to_ask(platform, facts, target.spec)
    reach = probe_sources(target.transport, asked, become_password=target.become_password, patient=True)
    return Offers(target.name, platform, name, reach)


def _versions(target: Target) -> Offers:
    facts, platform, name = _known(target)
    own = next((package for package in platform.distro_packages if package in facts.packages), "")
    chosen = None
    if target.spec.strategy != "distro-packages":
        asked = sources_to_ask(platform, facts, target.spec)
        reach = probe_sources(target.transport, asked, become_password=target.become_password)
        choice = choose_source(reach, facts, target.spec)
        chosen = choice.reach
        if chosen is None and (not platform.distro_packages or target.spec.source != "auto"):
            raise UnsupportedError(
                f"no package source can be used from here: {choice.why_none}",
                hint=f"provisioner source probe {TARGET} {WANTED} shows each of them",
            )
    if chosen and chosen.listed:
        package, origin, found = "docker-ce", chosen.source.base, chosen.versions.get("docker-ce", ())
    else:
        package = "docker-ce" if chosen else own or platform.distro_packages[0]
        origin = chosen.source.base if chosen else "the distribution"
        found = _by_package_manager(target, facts, package)
    newest_first = tuple(sorted(set(found), key=order, reverse=True))
    installed = facts.packages.get(package) or facts.packages.get(own, "")
    return Offers(target.name, platform, name, (), package, origin, newest_first, installed)


def _known(target: Target) -> tuple[Facts, Platform, str]:
    facts = gather(target.transport, become_password=target.become_password)
    match = platform_of(facts.os, facts.package_manager)
    if match is None:
        raise unknown_distribution(facts)
    return facts, match.platform, match.notice or match.platform.name


def _by_package_manager(target: Target, facts: Facts, package: str) -> tuple[str, ...]:
    answer = ask_host(
        target.transport,
        "versions.sh.j2",
        become_password=target.become_password,
        timeout=LISTING,
        manager=facts.package_manager,
        package=package,
    )
    if "versions" not in answer:
        raise FactsError(f"{facts.package_manager} gave no list of {package}")
    return tuple(answer["versions"].split())
