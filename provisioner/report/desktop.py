"""Docker Desktop's mirrors, for people and for programs."""

from __future__ import annotations

from typing import Any

from provisioner.desktop.change import Result
from provisioner.desktop.docker_desktop import Change
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document, failure_lines

NAME = "Docker Desktop"


def change_text(planned: Change) -> str:
    """What is to be done."""
    lines = [f"warning: {warning}" for warning in planned.warnings]
    lines += planned.diff.unified().rstrip("\n").split("\n") if planned.diff else []
    if planned.engine:
        stops = f"; it stops {planned.engine.running} running containers" if planned.engine.running else ""
        lines.append(f"restart: Docker Desktop reads its file when it starts{stops}")
    return "\n".join(lines)


def result_text(result: Result) -> str:
    """How it ended, and what went wrong."""
    if result.error:
        said = result.status.replace("_", " ")
        return "\n".join([f"{NAME}: {said}", *failure_lines(NAME, result.error, margin="  ")])
    said = {"converged": "nothing to do", "planned": "left as it is"}.get(result.status, result.status)
    return f"{NAME}: {said}, mirrors {' '.join(result.mirrors or ()) or 'none'}"


def result_document(command: str, result: Result) -> dict[str, Any]:
    """The JSON document; its keys are a contract."""
    live = result.planned.engine if result.planned else None
    host = {
        "name": NAME,
        "status": result.status,
        "changed": result.status == "changed",
        "docker_version": live.version if live else None,
        "registry_mirrors": None if result.mirrors is None else list(result.mirrors),
        "file": str(result.planned.file.path) if result.planned else None,
        "warnings": list(result.planned.warnings) if result.planned else [],
        "error": failure_document(result.error),
    }
    return document(command, status=overall([result.error is None]), hosts=[host])
