"""Images that are no longer what their names mean: what `provisioner image drift` does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from provisioner.errors import DifferenceError, FactsError, ProvisionerError, UsageError
from provisioner.images.drift import (
    CONTAINERS,
    HostImages,
    Names,
    Stale,
    across,
    containers,
    is_current,
    parts,
    pulled,
    stale,
)
from provisioner.images.listing import DETAILS, details
from provisioner.images.name import image_name, is_image_name
from provisioner.images.spread import Copy, Spread
from provisioner.images.upstream import login_key, manifest_urls
from provisioner.images.words import pattern_of
from provisioner.remote.images import ask_engine
from provisioner.runs.answers import answers
from provisioner.runs.fleet import worst
from provisioner.runs.target import Target


@dataclass(frozen=True, slots=True)
class Upstream:
    """What a registry has under `name` now, as `digest`, where a host has `copy`; "" and `said` where none told."""

    name: str
    copy: Copy
    digest: str
    came_from: str = ""
    said: str = ""
    current: bool = True


@dataclass(frozen=True, slots=True)
class Drift:
    """What one host has that is not as its names mean; `others` are names under which most hosts have another image."""

    host: str
    found: HostImages = field(default_factory=lambda: HostImages({}))
    stale: tuple[Stale, ...] = ()
    others: tuple[Spread, ...] = ()
    upstream: tuple[Upstream, ...] = ()
    error: ProvisionerError | None = None

    @property
    def outdated(self) -> tuple[Upstream, ...]:
        return tuple(row for row in self.upstream if not row.current)

    @property
    def drifted(self) -> bool:
        return bool(self.stale or self.others or self.outdated)

    @property
    def untold(self) -> tuple[Upstream, ...]:
        """What no registry told: it was asked for, so that nothing can be said to be well."""
        return tuple(row for row in self.upstream if not row.digest)

    @property
    def exit_code(self) -> int:
        if self.error:
            return self.error.exit_code
        return worst([DifferenceError.exit_code if self.drifted else 0, FactsError.exit_code if self.untold else 0])


def wanted_names(words: Sequence[str]) -> Names:
    """Read names and patterns as the command line has them.

    Raises:
        UsageError: one is none, or has a digest, which nothing drifts from.
    """
    if pinned := next((word for word in words if "@" in word), ""):
        raise UsageError(f"{pinned}: a digest always means the same image", hint="name it without its digest")
    return Names(tuple(map(pattern_of, words)))


def look(targets: Sequence[Target], names: Names, *, upstream: bool, forks: int) -> tuple[list[Drift], list[Spread]]:
    """Compare containers with names on every host, the hosts with each other and, with `upstream`, with registries.

    Return the hosts, and the names that hosts have as different images, whether or not digests prove it.
    """

    def ask(target: Target) -> Drift:
        found = ask_engine(
            target.transport,
            "images/drift.sh.j2",
            become_password=target.become_password,
            long=True,
            details=DETAILS,
            containers=CONTAINERS,
            upstream=upstream,
        )
        inside = parts(found["manifests"]) if found.get("manifests") else {}
        host = HostImages(details(found.get("image", "")), containers(found.get("container", "")), inside)
        rows = _upstream(target, pulled(host, names), found.get("mirrors", "")) if upstream else ()
        return Drift(target.name, host, tuple(stale(host, names)), upstream=rows)

    drifts = answers(targets, ask, failed, forks=forks)
    spreads = across({drift.host: drift.found for drift in drifts if drift.error is None}, names)
    differing = [spread for spread in spreads if spread.differs]
    return [_with_others(drift, differing) for drift in drifts], differing


def failed(name: str, error: ProvisionerError) -> Drift:
    """A host that could not be asked, or whose answer is of no use."""
    return Drift(name, error=error)


def _with_others(drift: Drift, differing: Sequence[Spread]) -> Drift:
    """A difference is one of every host but those that have what most have; of equals the first are these."""
    mine = [
        spread
        for spread in differing
        if spread.certain and drift.host in spread.copies and drift.host not in spread.groups[0]
    ]
    return replace(drift, others=tuple(mine))


def _upstream(target: Target, copies: dict[str, Copy], mirrors: str) -> tuple[Upstream, ...]:
    asked = {shown: image_name(shown) for shown in copies if is_image_name(shown)}
    if not asked:
        return ()
    try:
        urls = [str(url) for url in json.loads(mirrors) or ()]
    except (ValueError, TypeError, RecursionError):
        urls = []
    found = ask_engine(
        target.transport,
        "images/upstream.sh.j2",
        become_password=target.become_password,
        timeout=60.0 + 60.0 * len(asked),
        asked=[
            {
                "name": name.pulled,
                "registry": login_key(name),
                "known": " ".join(sorted(copies[shown].digests)),
                "urls": manifest_urls(name, urls),
            }
            for shown, name in asked.items()
        ],
    )
    rows = []
    for number, shown in enumerate(asked):
        digest = found.get(f"digest-{number}", "")
        current = not digest or is_current(copies[shown], digest, found.get(f"index-{number}", ""))
        said = "" if digest else _why(found, number)
        rows.append(Upstream(shown, copies[shown], digest, found.get(f"from-{number}", ""), said, current))
    return tuple(rows)


def _why(found: Mapping[str, str], number: int) -> str:
    """Why no registry told."""
    said = found.get(f"said-{number}", "") or "no registry told"
    helper = found.get(f"unasked-{number}", "")
    return f"{said}; docker-credential-{helper} has the login, and is not asked" if helper else said
