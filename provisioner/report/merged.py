"""A run that is put together from its parts."""

from __future__ import annotations

from typing import Any

from provisioner.errors import CancelledError
from provisioner.masking import masked
from provisioner.report.columns import sentence
from provisioner.report.envelope import document, overall
from provisioner.report.groups import WIDEST, names
from provisioner.report.history import run_text
from provisioner.runs.history_merge import Merged
from provisioner.runs.past_run import PENDING, PastHost


def merged_status(merged: Merged) -> str:
    """Return ok, partial or failed."""
    said = overall([host.done or host.status == "planned" for host in merged.run.hosts])
    return "partial" if said == "ok" and not merged.complete else said


def merged_document(merged: Merged, command: str) -> dict[str, Any]:
    """The JSON document of a run that is put together; its keys are a contract, and hosts are as in other envelopes."""
    return document(
        command,
        status=merged_status(merged),
        run=merged.run.id,
        exit_code=merged.exit_code,
        shards={"run": [shard.name for shard in merged.run.shards if shard.name], "missing": list(merged.missing)},
        hosts=[_host(host) for host in merged.run.hosts],
    )


def merged_text(merged: Merged, *, width: int | None = None) -> str:
    """One table of all hosts, below it what went wrong, and what is missing."""
    lines = [run_text(merged.run, width=width)]
    if merged.pending:
        lines += ["", sentence(f"no result, since the run was cut off: {len(merged.pending)} hosts", width)]
        lines += [names([host.name for host in merged.pending], width=min(WIDEST, width or WIDEST))]
    lines += ["", *(sentence(line, width) for line in trouble_lines(merged))] if merged.missing else []
    return "\n".join(lines)


def trouble_lines(merged: Merged) -> list[str]:
    """What keeps this from being the whole run."""
    lines = []
    if pending := len(merged.pending):
        lines.append(f"{pending} host{'' if pending == 1 else 's'} without a result: the run was cut off")
    if merged.missing:
        are = "shard is" if len(merged.missing) == 1 else "shards are"
        lines.append(f"{len(merged.missing)} {are} missing: {', '.join(merged.missing)}")
    return lines


def _host(host: PastHost) -> dict[str, Any]:
    code = CancelledError.exit_code if host.status == PENDING else host.exit_code
    said = host.error or ("its run was cut off" if host.status == PENDING else "")
    error = {"message": masked(said), "hint": host.hint or "", "exit_code": code} if code else None
    return {
        "name": host.name,
        "status": host.status,
        "changed": host.changed,
        "docker_version": host.docker_version,
        "registry_mirrors": list(host.registry_mirrors),
        "error": error,
        "seconds": round(host.seconds, 3),
    }
