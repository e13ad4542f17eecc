"""Runs as the history has them."""

from __future__ import annotations

import dataclasses
import shlex
import time
from collections.abc import Sequence
from typing import Any

from provisioner.report.columns import aligned, hanging, sentence
from provisioner.report.envelope import document
from provisioner.report.failure import EACH, hint_lines
from provisioner.report.groups import WIDEST, grouped, names, names_host, without_address, without_name
from provisioner.runs.fleet import worst
from provisioner.runs.past_run import PastHost, PastRun


def runs_document(records: Sequence[PastRun]) -> dict[str, Any]:
    """The JSON document of `history`; its keys are a contract."""
    return document("history", runs=[_row(record) for record in records])


def run_document(record: PastRun) -> dict[str, Any]:
    """The JSON document of `history RUN`; its keys are a contract."""
    hidden = {"wanted", "at"}
    hosts = [
        {key: value for key, value in dataclasses.asdict(host).items() if key not in hidden} for host in record.hosts
    ]
    return document("history", run={**_row(record), "hosts": hosts})


def runs_text(records: Sequence[PastRun], *, width: int | None = None) -> str:
    """A line for each run; `width` is what the terminal has, if it is one."""
    if not records:
        return "there are no runs yet; `provisioner apply` makes the first"
    rows = [("RUN", "WHEN", "COMMAND", "HOSTS", "EXIT", "RESULT")]
    rows += [
        (
            record.id,
            _when(record.started),
            record.command,
            str(sum(record.counts.values())),
            "-" if record.ended is None else str(_code(record)),
            _result(record),
        )
        for record in records
    ]
    more = "`provisioner history RUN` shows one of them with its hosts, `provisioner history last` the newest"
    return f"{aligned(rows, width=width, wrap=5)}\n\n{sentence(more, width)}"


def run_text(record: PastRun, *, width: int | None = None) -> str:
    """One run: how it was called, its hosts as a table, below it what went wrong, and at the end how many that are."""
    took = "not ended" if record.ended is None else f"{record.ended - record.started:.1f} s"
    lines = [sentence(f"{record.id}: {_result(record)}", width), f"  {_when(record.started)}, {took}"]
    lines.append("  provisioner " + shlex.join(record.argv))
    if record.divided:
        lines.append("  shards " + " ".join(shard.name for shard in record.shards))
    if record.resumes:
        lines.append(f"  went on with {record.resumes}")
    rows = [("HOST", "STATUS", "DOCKER", "REGISTRY MIRRORS", "SECONDS")]
    rows += [
        (
            host.name,
            status_words(host.status),
            host.docker_version or "",
            " ".join(host.registry_mirrors),
            f"{host.seconds:.1f}",
        )
        for host in record.hosts
    ]
    lines += ["", aligned(rows, right=4, width=width, shorten=[3])]
    for group in grouped([host for host in record.hosts if host.error], _failure):
        first = group[0]
        lines += ["", f"{first.name if len(group) == 1 else f'{len(group)} hosts'}: {status_words(first.status)}"]
        lines += [names([host.name for host in group], width=min(WIDEST, width or WIDEST))] if len(group) > 1 else []
        said = (first.error or "").removeprefix(f"{first.name}: ")
        lines.append(hanging("  ", without_address(said) if len(group) > 1 else said, width))
        lines += hint_lines(first.hint or "", width)
        lines += [EACH] if len(group) > 1 and names_host(first.name, first.hint or "") else []
    if len(record.hosts) > 1:
        lines += ["", sentence(f"{len(record.hosts)} hosts: {_result(record)}", width)]
    return "\n".join(lines)


def _failure(host: PastHost) -> tuple[str, str, str]:
    """What failed alike is told once."""
    said = (host.error or "").removeprefix(f"{host.name}: ")
    return host.status, without_name(host.name, said), without_name(host.name, host.hint or "")


def _row(record: PastRun) -> dict[str, Any]:
    return {
        "id": record.id,
        "command": record.command,
        "argv": list(record.argv),
        "wanted": record.wanted,
        "resumes": record.resumes,
        **({"shards": [shard.name for shard in record.shards]} if record.divided else {}),
        "started": _iso(record.started),
        "ended": None if record.ended is None else _iso(record.ended),
        "statuses": dict(record.counts),
        "exit_code": _code(record),
    }


def _result(record: PastRun) -> str:
    said = ", ".join(f"{number} {status_words(status)}" for status, number in record.counts.items())
    return said if record.ended is not None else f"{said} (not ended)"


def status_words(status: str) -> str:
    """A status as people read it."""
    return {"converged": "nothing to do", "pending": "no result"}.get(status, status.replace("_", " "))


def _code(record: PastRun) -> int | None:
    """None for a run that has not ended."""
    return None if record.ended is None else worst(record.exit_codes)


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
