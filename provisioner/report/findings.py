"""What was found about hosts before an installation, as people and programs read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from provisioner.masking import masked
from provisioner.preflight.finding import Finding
from provisioner.report.cells import cells, told, wrapped
from provisioner.report.columns import sentence
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document, failure_lines, shared_failure
from provisioner.report.groups import WIDEST, grouped, names, without_name
from provisioner.report.paint import Paint, plain
from provisioner.runs.check import Checked

FEW = 5
"""Hosts that can be named in a sentence."""

MARGIN = 8
"""Characters before a finding's name."""

COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}


def check_document(checked: Sequence[Checked]) -> dict[str, Any]:
    """The JSON document of `check`; its keys are a contract."""
    return document(
        "check",
        status=overall([host.exit_code == 0 for host in checked]),
        hosts=[_host(host) for host in checked],
    )


def check_text(
    checked: Sequence[Checked], *, passes: bool = False, width: int | None = None, paint: Paint = plain
) -> str:
    """A table for each host, and how many can carry an engine; `passes` shows what passed in full.

    `width` is what the terminal has, if it is one.
    """
    lines = [line for group in grouped(checked, _findings) for line in _table(group, passes, width, paint)]
    if len(checked) > 1:
        lines.append(sentence(_summary(checked), width))
    return "\n".join(lines)


def _findings(host: Checked) -> Hashable:
    """All that is shown of a host but its name."""
    error = failure_lines(host.host, host.error) if host.error else []
    texts = [*error, *(text for row in host.findings for text in (row.verdict, row.name, row.detail, row.way_out))]
    return tuple(without_name(host.host, text) for text in texts)


def _table(group: Sequence[Checked], passes: bool, width: int | None, paint: Paint) -> Iterator[str]:  # noqa: FBT001 # passed through
    host = group[0]
    if host.error:
        what, *way_out = shared_failure([host.host for host in group], host.error, width)
        yield paint(what, COLOURS["fail"])
        yield from way_out
        return
    if len(group) > 1:
        who, shared = f"{len(group)} hosts", [names([host.host for host in group], width=min(WIDEST, width or WIDEST))]
    else:
        who, shared = host.host, []
    count = Counter(row.verdict for row in host.findings)
    warnings = f"{count['warn']} warning{'' if count['warn'] == 1 else 's'}"
    yield sentence(f"{who}: {count['fail']} failed, {warnings}, {count['pass']} passed", width)
    yield from shared
    room = width or WIDEST + MARGIN
    longest = max((len(row.name) for row in host.findings), default=0)
    for row in host.findings:
        if row.verdict != "pass" or passes:
            yield from _finding(row, longest, room, paint)
    if not passes and count["pass"]:
        passed = ", ".join(dict.fromkeys(row.name for row in host.findings if row.verdict == "pass"))
        first, *rest = wrapped(passed, _room(room, MARGIN))
        yield paint(f"  pass  {first}", COLOURS["pass"])
        yield from (f"        {line}" for line in rest)


def _finding(row: Finding, longest: int, width: int, paint: Paint) -> Iterator[str]:
    margin = " " * (MARGIN + longest + 2)
    room = _room(width, len(margin) + 3)
    first, *rest = told(masked(row.detail), room)
    yield paint(f"  {row.verdict}  {row.name:<{longest}}  {first}".rstrip(), COLOURS[row.verdict])
    quoted = [line for line in rest if line.startswith(" ")]
    near = " " * MARGIN if quoted and max(map(cells, quoted)) > room else margin
    yield from ((near if line.startswith(" ") else margin) + line for line in rest)
    for number, line in enumerate(told(masked(row.way_out), room) if row.way_out else ()):
        yield f"{margin}{'-> ' if number == 0 else '   '}{line}"


def _room(width: int, margin: int) -> int:
    """Characters beside a margin: enough to read, however narrow the terminal."""
    return min(WIDEST, max(30, width - margin))


def _summary(checked: Sequence[Checked]) -> str:
    bad = [host.host for host in checked if host.exit_code]
    said = f"{len(checked) - len(bad)} of {len(checked)} hosts can carry a Docker Engine"
    return said + (f"; not {', '.join(bad)}" if 0 < len(bad) <= FEW else "")


def _host(host: Checked) -> dict[str, Any]:
    return {
        "name": host.host,
        "status": {0: "passed", 3: "unreachable", 5: "unsupported", 8: "blocked"}.get(host.exit_code, "failed"),
        "changed": False,
        "platform": host.platform,
        "checks": [
            {
                "name": row.name,
                "passed": row.verdict != "fail",
                "verdict": row.verdict,
                "detail": row.detail,
                "way_out": row.way_out,
                "unsupported": row.unsupported,
            }
            for row in host.findings
        ],
        "error": failure_document(host.error),
        "seconds": round(host.seconds, 3),
    }
