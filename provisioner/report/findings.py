"""What was found about hosts before an installation, as people and programs read it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from provisioner.preflight.finding import Finding
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document, failure_text
from provisioner.report.paint import Paint, plain
from provisioner.runs.check import Checked

COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}
WIDTH = 100


def check_document(checked: Sequence[Checked]) -> dict[str, Any]:
    """The JSON document of `check`; its keys are a contract."""
    return document(
        "check",
        status=overall([host.exit_code == 0 for host in checked]),
        hosts=[_host(host) for host in checked],
    )


def check_text(checked: Sequence[Checked], *, passes: bool = False, paint: Paint = plain) -> str:
    """A table for each host, and how many can carry an engine; `passes` shows what passed in full."""
    lines = [line for host in checked for line in _table(host, passes, paint)]
    if len(checked) > 1:
        lines.append(_summary(checked))
    return "\n".join(lines)


def _table(host: Checked, passes: bool, paint: Paint) -> Iterator[str]:  # noqa: FBT001 # passed through
    if host.error:
        what, *way_out = failure_text(host.host, host.error).split("\n")
        yield from (paint(what, COLOURS["fail"]), *way_out)
        return
    order = ("pass", "warn", "fail")
    count = {verdict: sum(row.verdict == verdict for row in host.findings) for verdict in order}
    yield f"{host.host}: {count['fail']} failed, {count['warn']} warnings, {count['pass']} passed"
    width = max((len(row.name) for row in host.findings), default=0)
    for row in host.findings:
        if row.verdict != "pass" or passes:
            yield from _finding(row, width, paint)
    if not passes and count["pass"]:
        names = ", ".join(dict.fromkeys(row.name for row in host.findings if row.verdict == "pass"))
        first, *rest = textwrap.wrap(names, WIDTH)
        yield paint(f"  pass  {first}", COLOURS["pass"])
        yield from (f"        {line}" for line in rest)


def _finding(row: Finding, width: int, paint: Paint) -> Iterator[str]:
    margin = " " * (10 + width)
    first, *rest = [piece for line in row.detail.split("\n") for piece in _wrapped(line)] or [""]
    yield paint(f"  {row.verdict}  {row.name:<{width}}  {first}".rstrip(), COLOURS[row.verdict])
    yield from (margin + line for line in rest)
    for number, line in enumerate(_wrapped(row.way_out)):
        yield f"{margin}{'-> ' if number == 0 else '   '}{line}"


def _wrapped(text: str) -> list[str]:
    """Quoted lines of a file keep their blanks, the caret below them its place."""
    if text.startswith(" "):
        return [text]
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _summary(checked: Sequence[Checked]) -> str:
    bad = [host.host for host in checked if host.exit_code]
    said = f"{len(checked) - len(bad)} of {len(checked)} hosts can carry a Docker Engine"
    return said + (f"; not {', '.join(bad)}" if bad else "")


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
