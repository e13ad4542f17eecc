"""What can be installed on hosts, as people and programs read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from provisioner.catalogue.versions import newest
from provisioner.report.columns import aligned, sentence
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document
from provisioner.report.groups import WIDEST, grouped, names
from provisioner.runs.available import Offers, problem_of
from provisioner.sources.reach import SourceReach


def sources_document(offers: Sequence[Offers]) -> dict[str, Any]:
    """The JSON document of `source probe`; its keys are a contract."""
    return _document(
        "source probe", offers, lambda row: {"platform": row.platform_name, "sources": list(map(_source, row.ranked))}
    )


def versions_document(offers: Sequence[Offers]) -> dict[str, Any]:
    """The JSON document of `versions`; its keys are a contract."""
    return _document(
        "versions",
        offers,
        lambda row: {
            "package": row.package,
            "origin": row.origin,
            "versions": list(row.versions),
            "installed": row.installed,
        },
    )


def sources_text(offers: Sequence[Offers], *, width: int | None = None) -> str:
    """The package sources as each host sees them; `width` is what the terminal has, if it is one."""
    return "\n".join(_sources(row, width) for row in offers)


def versions_text(offers: Sequence[Offers], *, width: int | None = None) -> str:
    """The versions that hosts can be given, what is the same for many once; the installed one is marked."""
    groups = grouped(offers, lambda row: (row.package, row.origin, row.versions, row.installed))
    return "\n".join(line for group in groups for line in _versions(group, width))


def _sources(offers: Offers, width: int | None) -> str:
    rows = [("SOURCE", "SECONDS", "PACKAGES", "NEWEST", "PROBLEM")]
    rows += [
        (
            row["name"],
            "-" if row["problem"] else f"{row['seconds']:.2f}",
            row["packages"],
            row["newest"],
            row["problem"],
        )
        for row in map(_source, offers.ranked)
    ]
    nothing = "  Docker builds no packages for it; the distribution's own are used"
    return f"{offers.host}: {offers.platform_name}\n" + (
        aligned(rows, "  ", width=width, wrap=4) if offers.reach else nothing
    )


def _versions(group: Sequence[Offers], width: int | None) -> Iterator[str]:
    offers = group[0]
    who = offers.host if len(group) == 1 else f"{len(group)} hosts"
    yield sentence(f"{who}: {offers.package} from {offers.origin}", width)
    if len(group) > 1:
        yield names([row.host for row in group], width=min(WIDEST, width or WIDEST))
    yield from (f"{'*' if version == offers.installed else ' '} {version}" for version in offers.versions)
    if offers.installed and offers.installed not in offers.versions:
        yield f"* {offers.installed}  (installed, no longer offered)"


def _document(command: str, offers: Sequence[Offers], content: Callable[[Offers], dict[str, Any]]) -> dict[str, Any]:
    hosts = [{"name": row.host, **content(row), "error": failure_document(row.error)} for row in offers]
    return document(command, status=overall([row.error is None for row in offers]), hosts=hosts)


def _source(answer: SourceReach) -> dict[str, Any]:
    return {
        "name": answer.source.name,
        "base": answer.source.base,
        "seconds": answer.seconds,
        "packages": "-" if answer.problem else str(answer.suite),
        "stepped_back": answer.suite_index > 0,
        "newest": newest(answer.versions.get("docker-ce", ())) or ("-" if answer.listed else "not listed"),
        "problem": problem_of(answer),
    }
