"""provisioner remove"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from provisioner.cli import options as o
from provisioner.cli.dask_options import Dask
from provisioner.cli.option_groups import as_typed, grouped

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
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Remove the engine, its package source, key and holds; images, containers and volumes stay.

    Running containers are stopped, which needs --allow-restart.
    """
    import shlex
    from dataclasses import replace

    from provisioner.cli import hosts
    from provisioner.cli.confirmation import each_by_name
    from provisioner.cli.rollout import roll_out
    from provisioner.errors import UsageError

    if rollout.proof:
        raise UsageError("--proof pulls an image, and a removal leaves no engine that could")
    if yes_delete_data and not purge:
        raise UsageError("--yes-delete-data goes with --purge", hint="without --purge no data is deleted")
    asks = purge and not yes_delete_data and not rollout.plan
    if asks and not sys.stdin.isatty():
        raise UsageError(
            "--purge deletes images, containers and volumes, and there is no terminal to ask on; nothing was touched",
            hint="run it at a terminal to see what would be lost, or add --yes --yes-delete-data",
        )
    typed = [
        *(["--purge"] if purge else []),
        *(["--yes-delete-data"] if yes_delete_data else []),
        *as_typed(rollout),
    ]
    if not target and not connection.inventory and not rollout.plan and (rollout.yes or not sys.stdin.isatty()):
        raise UsageError(
            "no host was named; nothing was touched",
            hint=f"provisioner {shlex.join(['remove', 'localhost', *typed])} takes it from this machine",
        )
    said = {"install": False, "remove_dependents": remove_dependents}
    found = [
        replace(found, removal="purge" if purge else "remove")
        for found in hosts.targets(target, connection, said, only_said=True)
    ]
    code = roll_out(
        "remove --purge" if purge else "remove",
        found,
        rollout,
        output,
        forks=connection.forks,
        shard=connection.shard,
        dask=dask,
        confirm=each_by_name if asks else None,
    )
    raise typer.Exit(code)
