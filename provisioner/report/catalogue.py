"""What is known of distributions, package sources and public mirrors, listed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from provisioner.catalogue.package_sources import PackageSource
from provisioner.catalogue.platforms import Derivative, Platform
from provisioner.catalogue.registry_mirrors import KnownMirror
from provisioner.report.columns import aligned, sentence
from provisioner.report.envelope import document


def platforms_document(platforms: Iterable[Platform], derivatives: Iterable[Derivative]) -> dict[str, Any]:
    """The JSON document of `platform list`; its keys are a contract."""
    return document(
        "platform list",
        platforms=[
            {
                "platform": row.slug,
                "name": row.name,
                "packages": [str(suite) for suite in row.suites],
                "own": list(row.distro_packages),
                "newest_engine": row.last_engine or ("current" if row.suites and not row.ended else ""),
                "ended": row.ended,
                "tier": row.tier,
                "source": row.source,
            }
            for row in platforms
        ],
        derivatives=[{"platform": row.id, "name": row.name, "source": row.source} for row in derivatives],
    )


def platforms_text(
    platforms: Iterable[Platform], derivatives: Iterable[Derivative], *, width: int | None = None
) -> str:
    """The table of `platform list`; `width` is what the terminal has, if it is one."""
    listed = platforms_document(platforms, derivatives)
    rows = [("PLATFORM", "PACKAGES OF DOCKER", "OWN ENGINE", "NEWEST", "TIER")]
    rows += [
        (
            row["platform"],
            ", ".join(row["packages"]) or "-",
            ", ".join(row["own"]) or "-",
            f"{row['newest_engine']} (until {row['ended']})".strip() if row["ended"] else row["newest_engine"] or "-",
            row["tier"],
        )
        for row in listed["platforms"]
    ]
    rows += [
        (row["platform"], "those of its UBUNTU_CODENAME or DEBIAN_CODENAME", "", "", "mapped")
        for row in listed["derivatives"]
    ]
    legend = "tested: installed by CI on a real host or a look-alike; mapped: as the vendors practise it"
    return f"{aligned(rows, width=width, wrap=1)}\n\n{sentence(legend, width)}"


def sources_document(sources: Sequence[PackageSource]) -> dict[str, Any]:
    """The JSON document of `source list`; its keys are a contract."""
    return document("source list", sources=[dataclasses.asdict(row) for row in sources])


def sources_text(sources: Sequence[PackageSource], *, width: int | None = None) -> str:
    """The table of `source list`; `width` is what the terminal has, if it is one."""
    rows = [("NAME", "BASE", "OPERATOR")]
    for row in sources:
        remark = f"inside {row.cloud} only" if row.cloud else row.remark
        rows.append((row.name, row.base, f"{row.operator}; {remark}" if remark else row.operator))
    more = "or any URL with the same tree: --source https://mirror.example/docker-ce [--source-fingerprint HEX]"
    return f"{aligned(rows, width=width, wrap=2)}\n\n{sentence(more, width)}"


def mirrors_document(mirrors: Sequence[KnownMirror]) -> dict[str, Any]:
    """The JSON document of `mirror list`; its keys are a contract."""
    return document("mirror list", mirrors=[dataclasses.asdict(row) for row in mirrors])


def mirrors_text(mirrors: Sequence[KnownMirror], *, width: int | None = None) -> str:
    """The table of `mirror list`; `width` is what the terminal has, if it is one."""
    rows = [("STATE", "MIRROR", "OPERATOR", "KNOWN ON", "REMARK")]
    rows += [(row.state, row.url, row.operator, row.date, row.explained.removeprefix("alive: ")) for row in mirrors]
    more = "Nothing of this was asked just now; `provisioner mirror probe` asks the mirrors themselves."
    return f"{aligned(rows, width=width, shorten=[2], wrap=4)}\n\n{sentence(more, width)}"
