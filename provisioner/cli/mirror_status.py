"""provisioner mirror status"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provisioner.checks.mirror_status import MirrorStatus
    from provisioner.runs.outcome import Outcome
    from provisioner.runs.target import Target


@grouped
def status(
    target: o.Targets = None,
    *,
    proof: o.Proof = None,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Show which mirrors are configured, by what, and whether the engine has them; changes nothing.

    Ends with 9 when the engine does not do what the files say, with 7 when --proof finds that no mirror served.
    """
    import json

    from provisioner.cli import hosts
    from provisioner.cli.survey import stand_in
    from provisioner.report.envelope import document
    from provisioner.report.envelope import status as word
    from provisioner.runs.fleet import each, worst
    from provisioner.runs.outcome import Outcome

    found = hosts.targets(target, connection, {"install": False}, only_said=True)
    views = each(
        found,
        lambda host: _look(host, proof),
        forks=connection.forks,
        instead=lambda host, error: (stand_in(Outcome(host.name, "failed"), error), None),
    )
    code = worst(outcome.exit_code for outcome, _ in views)
    if output.as_json:
        rows = [_document(*view) for view in views]
        overall = word([outcome.succeeded for outcome, _ in views])
        typer.echo(json.dumps(document("mirror status", status=overall, hosts=rows), indent=2))
    elif len(views) == 1:
        typer.echo("\n".join(_host(*views[0])))
    else:
        typer.echo("\n".join(_table(views)))
    raise typer.Exit(code)


def _look(target: Target, proof: str | None) -> tuple[Outcome, MirrorStatus | None]:
    from dataclasses import replace

    from provisioner.checks.mirror_status import mirror_status
    from provisioner.errors import DifferenceError, ProvisionerError
    from provisioner.facts.host import Host
    from provisioner.remote.gather import gather
    from provisioner.runs.one_host import prove
    from provisioner.runs.outcome import Outcome, status_of

    try:
        facts = gather(target.transport, become_password=target.become_password, brief=True)
        found = mirror_status(Host.of(facts))
        outcome = Outcome(target.name, "verified", facts)
        if proof:
            outcome = prove(target, outcome, proof, lambda _step, _what: None)
        if found.problems and outcome.succeeded:
            error = DifferenceError("; ".join(found.problems), hint=f"provisioner mirror set URL... {target.name}")
            outcome = replace(outcome, status="drifted", error=error)
        return outcome.light(), found
    except ProvisionerError as error:
        return Outcome(target.name, status_of(error), error=error), None
    finally:
        target.transport.close()


def _document(outcome: Outcome, found: MirrorStatus | None) -> dict[str, Any]:
    from provisioner.report.failure import failure_document

    checks = [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in outcome.checks]
    return {
        "name": outcome.host,
        "status": outcome.status,
        **(found.document() if found else {}),
        "checks": checks,
        "error": failure_document(outcome.error),
    }


def _host(outcome: Outcome, found: MirrorStatus | None) -> Iterator[str]:
    from provisioner.cli.tables import aligned

    if found is None:
        yield f"{outcome.host}: {_failure(outcome)}"
        return
    engine = f"Docker {found.version}" if found.version else "the engine does not answer"
    yield f"{outcome.host}: {engine}, {_state(found)}"
    rows = [("configured", " ".join(found.configured.urls) or "none", found.configured.by or "nothing says so")]
    if found.shown is not None:
        rows.append(("engine", " ".join(found.shown) or "none", "docker info"))
    rows += [(row.registry, row.problem or " ".join(row.urls) or "none", row.path) for row in found.registries]
    for name, mirrors in found.others.items():
        rows += [
            (f"{name}: {row.registry}", row.problem or row.instead or " ".join(row.urls) or "none", row.path)
            for row in mirrors
        ]
        if not mirrors:
            rows.append((name, "none", ""))
    rows += [("rootless", "", engine) for engine in found.rootless]
    yield aligned(rows, "  ")
    yield from (f"  option: {flag}" for flag in found.flags)
    yield from (f"  proof: {check.detail}" for check in outcome.checks if check.name == "proof" and check.passed)
    if outcome.error:
        yield f"  {_failure(outcome)}"


def _table(views: list[tuple[Outcome, MirrorStatus | None]]) -> Iterator[str]:
    from provisioner.cli.tables import aligned

    rows = [("HOST", "STATE", "DOCKER", "ENGINE'S MIRRORS", "CONFIGURED BY", "OTHERS")]
    for outcome, found in views:
        if found is None:
            rows.append((outcome.host, outcome.status, "", "", "", ""))
            continue
        others = [
            f"{name}: {row.instead or ' '.join(row.urls)}"
            for name, mirrors in found.others.items()
            for row in mirrors
            if not row.problem
        ]
        shown = "-" if found.shown is None else " ".join(found.shown) or "none"
        state = _state(found) if not outcome.error else outcome.status.replace("_", " ")
        rows.append((outcome.host, state, found.version, shown, found.configured.by, "; ".join(others)))
    yield aligned(rows)
    yield from (f"\n{outcome.host}: {_failure(outcome)}" for outcome, _ in views if outcome.error)


def _state(found: MirrorStatus) -> str:
    if found.shown is None:
        return "not running"
    return "as configured" if found.agrees else "not as configured"


def _failure(outcome: Outcome) -> str:
    from provisioner.masking import masked

    error = outcome.error
    if error is None:
        return ""
    return masked(error.message) + (f"\n  -> {masked(error.hint)}" if error.hint else "")
