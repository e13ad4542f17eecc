"""What the preflight found, as people and programs read it."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from provisioner.cli.options import Output
from provisioner.errors import BlockedError, ProvisionerError, UnsupportedError
from provisioner.facts.platform import platform_of
from provisioner.planner.planner import must_install
from provisioner.preflight import examine
from provisioner.preflight.finding import Finding
from provisioner.remote.gather import gather
from provisioner.report.envelope import document, status
from provisioner.report.failure import failure_document, failure_text
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each, worst
from provisioner.runs.target import Target

COLOURS = {"pass": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}
WIDTH = 100


@dataclass(frozen=True, slots=True)
class Examined:
    """One host: what was found, or why nothing could be."""

    host: str
    findings: tuple[Finding, ...] = ()
    platform: str | None = None
    error: ProvisionerError | None = None
    seconds: float = 0.0

    @property
    def fails(self) -> list[Finding]:
        return [row for row in self.findings if row.verdict == "fail"]

    @property
    def exit_code(self) -> int:
        if self.error:
            return self.error.exit_code
        if not self.fails:
            return 0
        unsupported = any(row.unsupported for row in self.fails)
        return UnsupportedError.exit_code if unsupported else BlockedError.exit_code


def show(targets: list[Target], output: Output, *, forks: int) -> None:
    """Print the table of every host; raises typer.Exit with the worst exit code."""

    def instead(target: Target, error: Exception) -> Examined:
        return Examined(target.name, error=as_error(error, target.name))

    examined = each(targets, _examine, forks=forks, instead=instead)
    if output.as_json:
        typer.echo(json.dumps(envelope(examined), indent=2, ensure_ascii=False))
    else:
        for host in examined:
            for verdict, line in table(host, passes=output.verbose):
                typer.secho(line, fg=None if output.no_color else COLOURS.get(verdict))
        if len(examined) > 1:
            typer.echo(summary(examined))
    raise typer.Exit(worst(host.exit_code for host in examined))


def _examine(target: Target) -> Examined:
    began = time.monotonic()
    try:
        facts = gather(target.transport, become_password=target.become_password)
    except ProvisionerError as error:
        return Examined(target.name, error=error, seconds=time.monotonic() - began)
    finally:
        target.transport.close()
    found = examine(facts, target.spec, installs=must_install(facts, target.spec))
    match = platform_of(facts.os, facts.package_manager)
    return Examined(target.name, found, match.platform.slug if match else None, None, time.monotonic() - began)


def table(host: Examined, *, passes: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (verdict, line); the lines of passed checks become one unless `passes`."""
    if host.error:
        what, *way_out = failure_text(host.host, host.error).split("\n")
        yield "fail", what
        yield from (("", line) for line in way_out)
        return
    order = ("pass", "warn", "fail")
    count = {verdict: sum(row.verdict == verdict for row in host.findings) for verdict in order}
    yield "", f"{host.host}: {count['fail']} failed, {count['warn']} warnings, {count['pass']} passed"
    width = max((len(row.name) for row in host.findings), default=0)
    for row in host.findings:
        if row.verdict == "pass" and not passes:
            continue
        margin = " " * (10 + width)
        detail = [piece for line in row.detail.splitlines() for piece in _wrapped(line)]
        yield row.verdict, f"  {row.verdict}  {row.name:<{width}}  {detail[0]}"
        for line in detail[1:]:
            yield "", margin + line
        for number, line in enumerate(_wrapped(row.way_out)):
            yield "", f"{margin}{'-> ' if number == 0 else '   '}{line}"
    if not passes and count["pass"]:
        names = ", ".join(dict.fromkeys(row.name for row in host.findings if row.verdict == "pass"))
        for number, line in enumerate(textwrap.wrap(names, WIDTH)):
            yield "pass" if number == 0 else "", f"  {'pass' if number == 0 else '    '}  {line}"


def _wrapped(text: str) -> list[str]:
    """Quoted lines of a file keep their blanks, the caret below them its place."""
    if text.startswith(" "):
        return [text]
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def summary(examined: list[Examined]) -> str:
    bad = [host.host for host in examined if host.exit_code]
    said = f"{len(examined) - len(bad)} of {len(examined)} hosts can carry a Docker Engine"
    return said + (f"; not {', '.join(bad)}" if bad else "")


def envelope(examined: list[Examined]) -> dict[str, Any]:
    """The JSON document; its keys are a contract."""
    return document(
        "check",
        status=status([host.exit_code == 0 for host in examined]),
        hosts=[_document(host) for host in examined],
    )


def _document(host: Examined) -> dict[str, Any]:
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
