"""provisioner plan"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Optional

import typer

from provisioner.cli import options as o
from provisioner.cli.dask_options import Dask
from provisioner.cli.option_groups import grouped


@grouped
def plan(
    target: o.Targets = None,
    *,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="9 when there is something to do")] = False,
    out: Annotated[
        Optional[str], typer.Option("--out", help="keep the plan, for apply FILE to run as shown", metavar="FILE")
    ] = None,
    wanted: o.WantedState,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Show what apply would do; touch nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.survey import survey
    from provisioner.errors import UsageError
    from provisioner.runs import one_host

    if out is not None and dask.dask is not None:
        raise UsageError(
            "--out keeps what a plan rests on, and the workers of --dask keep that to themselves",
            hint="leave one of them out",
        )
    found = hosts.with_wanted(target, connection, wanted)
    if out is not None:
        from provisioner.cli.plan_file import keeping

        code = keeping(out, found, output, forks=connection.forks, difference=exit_code)
    else:
        code = survey(
            "plan", found, one_host.plan, output, forks=connection.forks, plans=True, difference=exit_code, dask=dask
        )
    raise typer.Exit(code)
