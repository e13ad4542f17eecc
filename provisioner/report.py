"""Outcomes -> what people read, and the JSON envelope that programs read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.outcome import Outcome
from provisioner.planning.model import Plan
from provisioner.render import apply_script

SCHEMA = 1


def plan_text(plan: Plan, *, script: bool = False) -> str:
    """The plan as people read it: symbols, reasons, file diffs, how the daemon takes it; the script on request."""
    lines = [f"{plan.host}: {plan.platform}, {plan.strategy}"]
    lines += [f"  not {row.strategy}: {row.reason}" for row in plan.rejected]
    lines += [f"  warning: {warning}" for warning in plan.warnings]
    if plan.empty:
        lines.append("  nothing to do")
    for step in plan.steps:
        lines.append(f"  {step.action} {step.title}")
        lines.append(f"      {step.why}")
        for diff in step.diffs:
            lines += [f"      {line}" for line in diff.unified().splitlines()]
    if plan.restart.how in {"reload", "restart"}:
        stops = plan.restart.stops_containers
        cost = f"; it stops {stops} running containers" if stops else ""
        lines.append(f"  {plan.restart.how}: {plan.restart.why}{cost}")
    if script and plan.steps:
        lines += ["", apply_script(plan)]
    return "\n".join(lines)


def outcome_text(outcome: Outcome) -> str:
    """One line a host, and below it what failed and the way out."""
    info = outcome.facts.engine.info if outcome.facts else None
    mirrors = " ".join(info.mirrors) if info else ""
    state = "nothing to do" if outcome.status == "converged" else outcome.status.replace("_", " ")
    parts = [state, f"Docker {info.version}" if info else "", f"mirrors {mirrors}" if mirrors else ""]
    lines = [f"{outcome.host}: " + ", ".join(part for part in parts if part) + f" ({outcome.seconds:.1f} s)"]
    lines += [f"  {check.name}: {check.detail}" for check in outcome.checks if check.passed and check.name == "proof"]
    if outcome.error is not None:
        lines += [f"  {line}" for line in outcome.error.message.removeprefix(f"{outcome.host}: ").splitlines()]
        lines += [f"  -> {line}" for line in outcome.error.hint.splitlines()[:1]]
        lines += [f"     {line}" for line in outcome.error.hint.splitlines()[1:]]
    return "\n".join(lines)


def envelope(command: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The JSON document of a command; its keys are a contract."""
    good = sum(outcome.succeeded for outcome in outcomes)
    return {
        "schema": SCHEMA,
        "command": command,
        "status": "ok" if good == len(outcomes) else "partial" if good else "failed",
        "hosts": [_host(outcome) for outcome in outcomes],
    }


def _host(outcome: Outcome) -> dict[str, Any]:
    info = outcome.facts.engine.info if outcome.facts else None
    plan = outcome.plan
    results = {result.id: result for result in outcome.results}
    error = outcome.error
    return {
        "name": outcome.host,
        "status": outcome.status,
        "changed": outcome.status == "changed",
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
        "error": None
        if error is None
        else {"message": error.message, "hint": error.hint, "exit_code": error.exit_code},
        "seconds": round(outcome.seconds, 3),
    }
