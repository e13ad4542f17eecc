"""The JSON document of a command; its keys are a contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from provisioner.errors import ProvisionerError
from provisioner.report.failure import failure_document

if TYPE_CHECKING:
    from provisioner.facts.journal import HostJournal
    from provisioner.runs.outcome import Outcome

SCHEMA = 1


def envelope(
    command: str, outcomes: Sequence[Outcome], *, run: str | None = None, plans: bool = False
) -> dict[str, Any]:
    """Return the document. `run` is its name in the history, None for commands that change nothing.

    With `plans`, each host also has the keys diffs, warnings, rejected and restart.
    """
    return document(
        command,
        status=overall([outcome.succeeded for outcome in outcomes]),
        run=run,
        hosts=[{**_host(outcome), **(_plan(outcome) if plans else {})} for outcome in outcomes],
    )


def failure(command: str, error: ProvisionerError) -> dict[str, Any]:
    """Return the document of a command that ended before it had a result for any host."""
    return document(command, status="failed", run=None, hosts=[], error=failure_document(error))


def document(command: str, **content: Any) -> dict[str, Any]:
    """Return `content` under the head that every document has."""
    return {"schema": SCHEMA, "command": command, **content}


def overall(succeeded: Sequence[bool]) -> str:
    """Return ok, partial or failed."""
    return "ok" if all(succeeded) else "partial" if any(succeeded) else "failed"


def _host(outcome: Outcome) -> dict[str, Any]:
    info = outcome.facts.engine.info if outcome.facts else None
    plan = outcome.plan
    results = {result.id: result for result in outcome.results}
    return {
        "name": outcome.host,
        "status": outcome.status,
        "changed": outcome.changed,
        "platform": plan.platform if plan else None,
        "strategy": plan.strategy if plan else None,
        "docker_version": info.version if info else None,
        "registry_mirrors": list(info.mirrors) if info else None,
        "steps": [
            {
                "id": step.id,
                "action": step.action,
                "title": step.title,
                "why": step.why,
                "status": results[step.id].status if step.id in results else "planned",
            }
            for step in (plan.steps if plan else ())
        ],
        "checks": [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in outcome.checks],
        **({"edits": [{"path": edit.path, "diff": edit.unified()} for edit in outcome.edits]} if outcome.edits else {}),
        **({"earlier": outcome.earlier} if outcome.earlier else {}),
        **({"last_run": _last_run(outcome.facts.journal)} if outcome.facts and outcome.facts.journal.last else {}),
        "error": failure_document(outcome.error),
        "seconds": round(outcome.seconds, 3),
    }


def _last_run(journal: HostJournal) -> dict[str, Any]:
    """By the host's own journal."""
    entry = journal.last
    if entry is None:
        return {}
    ended = journal.ended(entry)
    return {"run": entry.run, "command": entry.command, "by": entry.by, "began": entry.began, "ended": ended}


def _plan(outcome: Outcome) -> dict[str, Any]:
    plan = outcome.plan
    return {
        "diffs": [
            {"step": step.id, "path": diff.path, "diff": diff.unified()}
            for step in (plan.steps if plan else ())
            for diff in step.diffs
        ],
        "warnings": list(plan.warnings) if plan else [],
        "rejected": [{"strategy": row.strategy, "reason": row.reason} for row in (plan.rejected if plan else ())],
        "restart": {
            "how": plan.restart.how,
            "why": plan.restart.why,
            "stops_containers": plan.restart.stops_containers,
        }
        if plan
        else None,
    }
