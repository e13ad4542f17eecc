"""Which mirrors are configured where, and in effect, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from provisioner.checks.mirror_status import MirrorStatus
from provisioner.report.columns import aligned, one_line, sentence
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document, failure_lines, failure_text
from provisioner.report.table import failures
from provisioner.runs.mirror_status import HostMirrors


def mirror_status_document(hosts: Sequence[HostMirrors]) -> dict[str, Any]:
    """The JSON document of `mirror status`; its keys are a contract."""
    return document(
        "mirror status", status=overall([host.outcome.succeeded for host in hosts]), hosts=list(map(_document, hosts))
    )


def mirror_status_text(hosts: Sequence[HostMirrors], *, width: int | None = None) -> str:
    """One host in full; of several a table, below it what is wrong, and at the end how many are as configured.

    `width` is what the terminal has, if it is one.
    """
    return "\n".join(_host(hosts[0], width) if len(hosts) == 1 else _table(hosts, width))


def _document(host: HostMirrors) -> dict[str, Any]:
    outcome, found = host.outcome, host.mirrors
    return {
        "name": outcome.host,
        "status": outcome.status,
        **(found.document() if found else {}),
        "checks": [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in outcome.checks],
        "error": failure_document(outcome.error),
    }


def _host(host: HostMirrors, width: int | None) -> Iterator[str]:
    outcome, found = host.outcome, host.mirrors
    if found is None:
        if outcome.error:
            yield failure_text(outcome.host, outcome.error, width)
        return
    engine = f"Docker {found.version}" if found.version else "the engine does not answer"
    yield f"{outcome.host}: {engine}, {_state(found)}"
    rows = [("configured", " ".join(found.configured.urls) or "none", found.configured.by or "nothing says so")]
    if found.shown is not None:
        rows.append(("engine", " ".join(found.shown) or "none", "docker info"))
    rows += [(row.registry, row.problem or " ".join(row.urls) or "none", row.path) for row in found.registries]
    for name, mirrors in found.others.items():
        rows += [
            (f"{name}: {row.registry}", row.problem or row.instead or " ".join(row.urls) or "none", row.path)
            for row in mirrors
        ]
        if not mirrors:
            rows.append((name, "none", ""))
    rows += [("rootless", "", engine) for engine in found.rootless]
    yield aligned(rows, "  ", width=width, wrap=1)
    yield from (f"  option: {one_line(flag)}" for flag in found.flags)
    yield from (
        f"  proof: {one_line(check.detail)}" for check in outcome.checks if check.name == "proof" and check.passed
    )
    if outcome.error:
        yield from failure_lines(outcome.host, outcome.error, margin="  ", width=width)


def _table(hosts: Sequence[HostMirrors], width: int | None) -> Iterator[str]:
    rows = [("HOST", "STATE", "DOCKER", "ENGINE'S MIRRORS", "CONFIGURED BY", "OTHERS")]
    rows += map(_row, hosts)
    table = rows if any(row[5] for row in rows[1:]) else [row[:5] for row in rows]
    yield aligned(table, width=width, shorten=range(3, len(table[0])))
    yield from (f"\n{failure}" for failure in failures([host.outcome for host in hosts], width=width))
    counts = Counter(row[1] for row in rows[1:])
    counted = ", ".join(f"{number} {what}" for what, number in counts.items())
    yield "\n" + sentence(f"{len(hosts)} hosts: {counted}", width)


def _row(host: HostMirrors) -> tuple[str, str, str, str, str, str]:
    outcome, found = host.outcome, host.mirrors
    if found is None:
        return outcome.host, outcome.status, "", "", "", ""
    others = [
        f"{name}: {row.instead or ' '.join(row.urls)}"
        for name, mirrors in found.others.items()
        for row in mirrors
        if not row.problem
    ]
    shown = "-" if found.shown is None else " ".join(found.shown) or "none"
    state = _state(found) if not outcome.error else outcome.status.replace("_", " ")
    return outcome.host, state, found.version, shown, found.configured.by, "; ".join(others)


def _state(found: MirrorStatus) -> str:
    if found.shown is None:
        return "not running"
    return "as configured" if found.agrees else "not as configured"
