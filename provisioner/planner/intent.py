"""What is wanted of one host, worked out: must packages change, by which strategy, to which engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from provisioner.catalogue.versions import order, satisfies, upstream
from provisioner.errors import UnsupportedError
from provisioner.facts.host import Host
from provisioner.plan.model import Rejected
from provisioner.planner.mirror_change import resolved
from provisioner.planner.storage_driver import StorageChoice, storage_choice
from provisioner.sources.choice import choose_source
from provisioner.sources.leftovers import set_up
from provisioner.sources.reach import SourceReach, configured_base, configured_source, sources_to_ask
from provisioner.strategies import strategies
from provisioner.strategies.docker_ce import PACKAGE
from provisioner.strategies.strategy import Accept, Questions, Reject, Strategy
from provisioner.wanted.spec import Spec
from provisioner.wanted.strategies import STRATEGIES


@dataclass(frozen=True, slots=True)
class StrategyChoice:
    """The strategy that installs, what it accepted, and why not the ones before it."""

    name: str
    strategy: Strategy
    accept: Accept
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """`spec` has its list of mirrors written out. `choice` is None when no package is to be installed or changed.

    `unsourced` says what the package source of an engine that stays lacks, "" when it lacks nothing. `version` is that
    of the engine that will read the configuration, "" when it is not known exactly.
    """

    spec: Spec
    choice: StrategyChoice | None
    version: str
    storage: StorageChoice = field(default_factory=StorageChoice)
    reach: tuple[SourceReach, ...] = ()
    unsourced: str = ""

    @property
    def installs(self) -> bool:
        """Packages of the engine are to be installed or changed."""
        return self.choice is not None

    @property
    def daemon(self) -> dict[str, Any]:
        """The wanted keys of daemon.json."""
        return self.spec.daemon_configuration | self.storage.daemon


def intent_of(host: Host, reach: tuple[SourceReach, ...], spec: Spec) -> Intent:
    """Work out what `spec` means for this host.

    Raises:
        UnsupportedError: every strategy was rejected, each with its reason in the message; or the storage is not to
            be had with the engine that comes.
        BlockedError: the storage it wants is taken.
        DaemonConfigurationError: a file that says which mirrors there are is broken.
    """
    choice = _choose(host, reach, spec) if must_install(host, spec, reach) else None
    version = _coming_version(choice.accept, spec) if choice else host.engine_version
    last = host.platform.last_engine if host.platform else ""
    storage = storage_choice(host.facts, spec, version or last, installs=choice is not None)
    unsourced = "" if choice else source_problem(host, spec)
    return Intent(resolved(host, spec), choice, version, storage, reach, unsourced)


def strategy_questions(host: Host, spec: Spec) -> Questions:
    """Return what the strategies that `spec` allows must know of this host before they can be considered."""
    platform = host.platform
    if platform is None or not (
        must_install(host, spec) or follows_the_newest(host, spec) or source_problem(host, spec)
    ):
        return Questions()
    asked = [strategy.questions(host, platform, spec) for _, strategy in _allowed(spec)]
    sources = {source.name: source for each in asked for source in each.sources}
    return Questions(tuple(sources.values()), script=any(each.script for each in asked) and must_install(host, spec))


def must_install(host: Host, spec: Spec, reach: tuple[SourceReach, ...] = ()) -> bool:
    """True when packages of the engine are to be installed or changed.

    `latest` is judged by what the sources in `reach` offer; without them an installed engine is new enough.
    """
    if not spec.install:
        return False
    if not host.facts.engine.installed or host.facts.half_configured:
        return True
    if host.facts.engine.unpackaged:
        return _asks_for_another(host, spec)
    if spec.strategy != "auto" and not any(strategy.installed(host) for _, strategy in _allowed(spec)):
        return True
    have = installed_version(host)
    if follows_the_newest(host, spec):
        newest = dict(choose_source(reach, host.facts, spec).packages).get(PACKAGE)
        return bool(newest) and order(str(newest)) > order(have)
    return spec.version is not None and not satisfies(have, spec.version)


def _asks_for_another(host: Host, spec: Spec) -> bool:
    """True when an engine that no package brought is not what is wanted; the preflight refuses packages then."""
    if spec.strategy != "auto" or spec.source != "auto" or spec.version == "latest":
        return True
    return not satisfies(host.engine_version, spec.version)


def runs_an_earlier_one(host: Host, spec: Spec) -> bool:
    """True when the wanted version is installed, and an engine of another one has not been restarted since."""
    if host.info is None or not spec.version or not host.facts.engine.package:
        return False
    return satisfies(installed_version(host), spec.version) and not satisfies(host.info.version, spec.version)


def follows_the_newest(host: Host, spec: Spec) -> bool:
    """True when only the sources can tell whether the engine that is installed is the one that is wanted."""
    return spec.install and spec.version == "latest" and PACKAGE in host.facts.packages


def source_problem(host: Host, spec: Spec) -> str:
    """Return what is wrong with the package source of the docker-ce that is installed, "" when nothing is.

    A run that broke off leaves an engine without one, and so does who installs from files; another one may be wanted.
    """
    if not spec.install or not host.facts.engine.installed or not comes_from_a_source(host, spec):
        return ""
    return set_up(host.facts) or _moved_source(host, spec)


def comes_from_a_source(host: Host, spec: Spec) -> bool:
    """The engine is docker-ce, and `spec` leaves it to a package source."""
    return any(_from_a_source(host, spec))


def _moved_source(host: Host, spec: Spec) -> str:
    """Return how the package source that is set up is not the one that was asked for; "" when it is, or none was."""
    facts, platform = host.facts, host.platform
    if platform is None or not spec.model_fields_set & {"source", "source_fingerprint", "channel"}:
        return ""
    wanted = next(iter(sources_to_ask(platform, facts, spec)), None)
    texts = [file.text for file in facts.source_files]
    if spec.source != "auto" and wanted and not any(f"{wanted.base}/" in text for text in texts):
        return f"its package source is {configured_base(facts, platform) or 'another one'}, not {wanted.base}"
    _, fingerprint = configured_source(facts, platform) or ("", "")
    if fingerprint and spec.source_fingerprint not in {None, fingerprint}:
        return f"the key of its package source is {fingerprint}, not {spec.source_fingerprint}"
    if (
        "channel" in spec.model_fields_set
        and texts
        and not any(re.search(rf"\b{spec.channel}\b", text) for text in texts)
    ):
        return f"its package source is not that of channel {spec.channel}"
    return ""


def source_choice(host: Host, intent: Intent) -> tuple[StrategyChoice | None, str]:
    """Return how the package source of the engine that is installed can be set up, or why it cannot.

    One that is there and lacks its key is not exchanged for another one, unless that was asked for.
    """
    assert host.platform is not None  # noqa: S101 # without one no strategy knows a source
    base = configured_base(host.facts, host.platform) if intent.spec.source == "auto" else ""
    reach = tuple(answer for answer in intent.reach if base in {"", answer.source.base})
    reasons = []
    for name, strategy in _from_a_source(host, intent.spec):
        answer = strategy.consider(host, host.platform, reach, intent.spec)
        if isinstance(answer, Accept):
            return StrategyChoice(name, strategy, answer, ()), ""
        reasons.append(answer.reason)
    return None, "; ".join(reasons)


def _from_a_source(host: Host, spec: Spec) -> Iterator[tuple[str, Strategy]]:
    """The allowed strategies that the engine could have come by and that take it from a package source."""
    for name, strategy in _allowed(spec):
        if host.platform and strategy.installed(host) and strategy.questions(host, host.platform, spec).sources:
            yield name, strategy


def installed_by(host: Host) -> str:
    """Return the first strategy that the installed engine could have come by; "" when no package brought it."""
    return next((name for name, strategy in strategies().items() if strategy.installed(host)), "")


def installed_version(host: Host) -> str:
    """Return the packaged version of the engine; "" when no package brought it."""
    package = next((found for strategy in strategies().values() if (found := strategy.installed(host))), "")
    return host.facts.packages.get(package, "")


def _allowed(spec: Spec) -> Iterator[tuple[str, Strategy]]:
    """The strategies that may be considered: the one that was asked for, else those that need no asking."""
    known = strategies()
    for row in STRATEGIES:
        if spec.strategy == row.name or (spec.strategy == "auto" and not row.on_request):
            yield row.name, known[row.name]


def _choose(host: Host, reach: tuple[SourceReach, ...], spec: Spec) -> StrategyChoice:
    platform = host.platform
    assert platform is not None  # noqa: S101 # the preflight refuses an unknown distribution
    allowed = dict(_allowed(spec))
    rejected: list[Rejected] = []
    for row in STRATEGIES:
        answer: Accept | Reject
        if row.name in allowed:
            answer = allowed[row.name].consider(host, platform, reach, spec)
        elif spec.strategy == "auto":
            answer = Reject(f"{row.on_request}; only with --strategy {row.name}")
        else:
            answer = Reject(f"--strategy {spec.strategy} was asked for")
        if isinstance(answer, Accept):
            rejected += [Rejected(f"source {name}", reason) for name, reason in answer.passed_over]
            return StrategyChoice(row.name, allowed[row.name], answer, tuple(rejected))
        if spec.strategy == row.name or not answer.foreign:
            rejected.append(Rejected(row.name, answer.reason))
    reasons = "\n".join(f"- {row.strategy}: {row.reason}" for row in rejected)
    raise UnsupportedError(
        f"there is no way to install Docker Engine on {platform.name}:\n{reasons}",
        hint="name a package source that this host reaches: --source NAME or --source URL",
    )


def _coming_version(accept: Accept, spec: Spec) -> str:
    """The version that will be installed, as far as it is known exactly."""
    wanted = spec.version if spec.version and spec.version.count(".") == 2 else ""
    return upstream(dict(accept.packages).get(PACKAGE, wanted))
