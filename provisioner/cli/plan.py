"""provisioner plan"""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli import options as o
from provisioner.cli.dask_options import Dask
from provisioner.cli.option_groups import grouped


@grouped
def plan(
    target: o.Targets = None,
    *,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="9 when there is something to do")] = False,
    wanted: o.WantedState,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Show what apply would do; touch nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.survey import survey
    from provisioner.runs import one_host

    found = hosts.with_wanted(target, connection, wanted)
    code = survey(
        "plan", found, one_host.plan, output, forks=connection.forks, plans=True, difference=exit_code, dask=dask
    )
    raise typer.Exit(code)
