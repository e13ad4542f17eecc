"""Facts as people and programs read them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from provisioner.facts.engine_origin import origin
from provisioner.facts.last_run import last_run
from provisioner.facts.model import Facts
from provisioner.report.columns import aligned, hanging, one_line
from provisioner.report.envelope import document
from provisioner.report.failure import failure_document
from provisioner.runs.facts import Gathered


def facts_document(gathered: Sequence[Gathered]) -> dict[str, Any]:
    """The JSON document of `facts`: all that is known of each host, or why it is not."""
    hosts = [
        {"name": row.host, **(dataclasses.asdict(row.facts) if row.facts else {}), "error": failure_document(row.error)}
        for row in gathered
    ]
    return document("facts", hosts=hosts)


def facts_text(gathered: Sequence[Gathered], *, whole: bool = False, width: int | None = None) -> str:
    """What people ask for first: of one host, or of each on request, all of that; of several a table.

    `width` is what the terminal has, if it is one.
    """
    if whole or len(gathered) == 1:
        return "\n".join(_one(row, width) for row in gathered)
    rows = [("HOST", "ENGINE", "DISTRIBUTION", "KERNEL", "INIT", "MIRRORS")]
    rows += [_columns(row.host, row.facts) for row in gathered if row.facts]
    more = "-v shows the rest of what is known, --json all of it"
    return f"{aligned(rows, width=width, shorten=[_SYSTEM, _KERNEL, _MIRRORS])}\n\n{len(gathered)} hosts; {more}"


_SYSTEM, _KERNEL, _MIRRORS = 2, 3, 5


def _one(gathered: Gathered, width: int | None) -> str:
    rows = _rows(gathered.facts) if gathered.facts else ()
    return "\n".join([gathered.host, *(hanging(f"  {label:<16}", one_line(value), width) for label, value in rows)])


def _columns(host: str, facts: Facts) -> tuple[str, str, str, str, str, str]:
    info, engine = facts.engine.info, facts.engine
    state = info.version if info else "silent" if engine.error else "stopped" if engine.installed else "none"
    mirrors = " ".join(info.mirrors) or "none" if info else "-"
    system = f"{facts.os.id} {facts.os.version_id}".strip()
    return host, state, system, f"{facts.kernel} {facts.arch}", facts.init, mirrors


def _rows(facts: Facts) -> Iterator[tuple[str, str]]:
    info, engine = facts.engine.info, facts.engine
    yield "distribution", facts.os.name
    yield "kernel", f"{facts.kernel} {facts.arch}"
    yield "init", facts.init
    yield "login", f"{facts.login.name}, {facts.login.method}: {facts.login.sudo} {facts.login.sudo_message}".rstrip()
    yield "packages", facts.package_manager
    if info:
        yield "engine", f"{info.version}, {info.storage_driver}, {info.containers_running} containers running"
        yield "mirrors", " ".join(info.mirrors) or "none"
    else:
        yield "engine", engine.error or ("stopped" if engine.installed else "not installed")
    if engine.installed:
        yield "engine is", origin(facts)
    yield from (("other engine", str(other)) for other in engine.others)
    if engine.client_version:
        yield "client", engine.client_version
    if facts.journal.last:
        yield "last run", last_run(facts.journal)
    yield "memory", f"{facts.memory / 2**30:.1f} GiB"
    for mount, free in facts.disk_free.items():
        yield "disk free", f"{free / 2**30:.1f} GiB on {mount}"
