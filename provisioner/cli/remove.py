"""provisioner remove"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped

if TYPE_CHECKING:
    from provisioner.runs.outcome import Outcome

_WHAT = "What goes"


@grouped
def remove(
    target: o.Targets = None,
    *,
    purge: Annotated[
        bool,
        typer.Option(
            "--purge", help="also images, containers, volumes and /etc/docker, shown first", rich_help_panel=_WHAT
        ),
    ] = False,
    yes_delete_data: Annotated[
        bool,
        typer.Option("--yes-delete-data", help="with --purge: do not ask for the host's name", rich_help_panel=_WHAT),
    ] = False,
    remove_dependents: o.RemoveDependents = False,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Remove the engine, its package source, key and holds; images, containers and volumes stay.

    Running containers are stopped, which needs --allow-restart.
    """
    from dataclasses import replace

    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out
    from provisioner.errors import UsageError

    if rollout.proof:
        raise UsageError("--proof pulls an image, and a removal leaves no engine that could")
    if yes_delete_data and not purge:
        raise UsageError("--yes-delete-data goes with --purge", hint="without --purge no data is deleted")
    asks = purge and not yes_delete_data
    if asks and not sys.stdin.isatty():
        raise UsageError(
            "--purge deletes images, containers and volumes, and there is no terminal to ask on; nothing was touched",
            hint="run it at a terminal to see what would be lost, or add --yes --yes-delete-data",
        )
    said = {"install": False, "remove_dependents": remove_dependents}
    found = [
        replace(found, removal="purge" if purge else "remove")
        for found in hosts.targets(target, connection, said, only_said=True)
    ]
    roll_out(
        "remove --purge" if purge else "remove",
        found,
        rollout,
        output,
        forks=connection.forks,
        confirm=_each_by_name if asks else None,
    )


def _each_by_name(pending: Sequence[Outcome]) -> bool:
    """Have each host named whose data would go, by the name that it gives itself; one mistake ends it for all."""
    for outcome in pending:
        name = outcome.facts.hostname if outcome.facts else outcome.host
        deletes = any(step.id == "data" for step in outcome.plan.steps) if outcome.plan else False
        what = "delete its data" if deletes else "remove what is left there"
        typer.echo(f"{outcome.host}: type the name of this host, {name}, to {what}: ", err=True, nl=False)
        if sys.stdin.readline().strip() != name:
            typer.echo("that is not its name; nothing was changed", err=True)
            return False
    return True
