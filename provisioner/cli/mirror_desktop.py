"""mirror set --desktop, mirror clear --desktop"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import typer

from provisioner.cli.options import Output, Rollout
from provisioner.desktop.docker_desktop import Change, Desktop, RolledBackError
from provisioner.errors import BlockedError, ProvisionerError, UnsupportedError, UsageError
from provisioner.report.envelope import document
from provisioner.report.envelope import status as overall
from provisioner.report.failure import failure_document

NAME = "Docker Desktop"
_STATUS: dict[type[ProvisionerError], str] = {
    RolledBackError: "rolled_back",
    BlockedError: "blocked",
    UnsupportedError: "unsupported",
}


def change(command: str, urls: Sequence[str], targets: Sequence[str], rollout: Rollout, output: Output) -> NoReturn:
    """Give Docker Desktop of this user these mirrors and print the result; it raises typer.Exit.

    Raises:
        UsageError: a URL is not valid, hosts were named, or nobody is there to ask; nothing was touched.
    """
    from pydantic import TypeAdapter, ValidationError

    from provisioner.wanted.spec import RegistryMirror

    if targets:
        raise UsageError(f"--desktop is about this machine; {', '.join(targets)} cannot be changed with it")
    if rollout.proof:
        raise UsageError("--proof is about engines on hosts", hint="docker pull hello-world tries Docker Desktop's")
    try:
        mirrors = TypeAdapter(tuple[RegistryMirror, ...]).validate_python(tuple(urls))
    except ValidationError as cause:
        problems = "\n".join(error["msg"].removeprefix("Value error, ") for error in cause.errors())
        raise UsageError(problems, hint="nothing was changed") from cause
    if not rollout.yes and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; nothing was touched", hint="add --yes")
    _finish(command, *_changed(Desktop(), mirrors, rollout, output), output)


def _changed(
    desktop: Desktop, mirrors: tuple[str, ...], rollout: Rollout, output: Output
) -> tuple[str, Change | None, ProvisionerError | None]:
    """Status, plan and error."""
    planned = None
    try:
        planned = desktop.plan(mirrors)
        if planned.empty:
            return "converged", planned, None
        if not _agreed(planned, rollout, output):
            return "planned", planned, None
        desktop.apply(planned, allow_restart=rollout.allow_restart, say=_progress(output))
    except ProvisionerError as error:
        status = next((name for kind, name in _STATUS.items() if isinstance(error, kind)), "failed")
        return status, planned, error
    return "changed", planned, None


def _agreed(planned: Change, rollout: Rollout, output: Output) -> bool:
    """Show the plan, and ask where that was not ruled out."""
    say = _progress(output)
    for warning in planned.warnings:
        say(f"warning: {warning}")
    if planned.diff:
        say(planned.diff.unified().rstrip("\n"))
    if planned.engine:
        stops = f"; it stops {planned.engine.running} running containers" if planned.engine.running else ""
        say(f"restart: Docker Desktop reads its file when it starts{stops}")
    return rollout.yes or typer.confirm("change Docker Desktop?", err=True)


def _progress(output: Output) -> Callable[[str], None]:
    return (lambda _: None) if output.quiet else (lambda text: typer.echo(text, err=True))


def _finish(
    command: str, status: str, planned: Change | None, error: ProvisionerError | None, output: Output
) -> NoReturn:
    live = planned.engine if planned else None
    mirrors = planned.mirrors if planned and status in {"changed", "converged"} else live.mirrors if live else None
    if output.as_json:
        host: dict[str, Any] = {
            "name": NAME,
            "status": status,
            "changed": status == "changed",
            "docker_version": live.version if live else None,
            "registry_mirrors": list(mirrors) if mirrors is not None else None,
            "file": str(planned.file.path) if planned else None,
            "warnings": list(planned.warnings) if planned else [],
            "error": failure_document(error),
        }
        typer.echo(json.dumps(document(command, status=overall([error is None]), hosts=[host]), indent=2))
    elif error:
        typer.echo(f"{NAME}: {status.replace('_', ' ')}\n  {error.message}")
        if error.hint:
            typer.echo(f"  -> {error.hint}")
    else:
        state = "nothing to do" if status == "converged" else "left as it is" if status == "planned" else status
        typer.echo(f"{NAME}: {state}, mirrors {' '.join(mirrors or ()) or 'none'}")
    raise typer.Exit(error.exit_code if error else 0)
