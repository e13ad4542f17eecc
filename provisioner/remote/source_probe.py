"""Ask package sources from a host how they answer: one script, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from provisioner.remote.ask_host import ask_host
from provisioner.sources.reach import Source, SourceReach, key_problem
from provisioner.transports import limits
from provisioner.transports.base import Transport

LIMIT = 8
"""Seconds a source has for each of its three small files."""


def probe_sources(
    transport: Transport, sources: tuple[Source, ...], *, become_password: str | None, patient: bool = False
) -> tuple[SourceReach, ...]:
    """Ask every source from the host at once; takes seconds, however many are dead.

    Unless `patient`, those that are still silent when the first of them has answered in full are not waited for.
    """
    if not sources:
        return ()
    answers = _ask(transport, sources, become_password, patient=patient)
    if not patient and len(sources) > 1 and not answers[0].problem and key_problem(answers[0]):
        return _ask(transport, sources, become_password, patient=True)
    return answers


def _ask(
    transport: Transport, sources: tuple[Source, ...], become_password: str | None, *, patient: bool
) -> tuple[SourceReach, ...]:
    longest = max(len(source.suites) for source in sources)
    patience = LIMIT * (longest + 2) + 4
    answer = ask_host(
        transport,
        "source_probe.sh.j2",
        become_password=become_password,
        timeout=patience * 2 + 30,
        sources=sources,
        limit=LIMIT,
        patience=patience,
        patient=patient,
    )
    return tuple(_reach(source, answer) for source in sources)


def _reach(source: Source, answer: Mapping[str, str]) -> SourceReach:
    times = answer.get(f"times {source.name}", "").split()
    uptime = re.compile(rf"[0-9]{{1,{limits.DIGITS}}}\.[0-9]{{2}}")
    hundredths = [int(time.replace(".", "")) for time in times if uptime.fullmatch(time)]
    problem = answer.get(f"problem {source.name}", "").strip()
    listed = f"unlisted {source.name}" not in answer
    if not problem and listed and f"versions {source.name}" not in answer:
        problem = "not waited for"
    chosen = answer.get(f"suite {source.name}", "0").strip()
    return SourceReach(
        source=source,
        problem=" ".join(problem.split()),
        seconds=(hundredths[1] - hundredths[0]) / 100 if len(hundredths) == 2 else 0.0,
        key=answer.get(f"key {source.name}", ""),
        versions=_versions(answer.get(f"versions {source.name}", "")),
        listed=listed,
        suite_index=int(chosen) if re.fullmatch("[0-9]{1,3}", chosen) and int(chosen) < len(source.suites) else 0,
    )


def _versions(text: str) -> dict[str, tuple[str, ...]]:
    """The list alternates between a package's name and its version."""
    lines = text.split()
    found: dict[str, list[str]] = {}
    for name, version in zip(lines[::2], lines[1::2], strict=False):
        found.setdefault(name, []).append(version)
    return {name: tuple(versions) for name, versions in found.items()}
