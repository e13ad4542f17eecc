"""provisioner apply"""

from __future__ import annotations

import typer

from provisioner.cli import options as o
from provisioner.cli.dask_options import Dask
from provisioner.cli.option_groups import grouped


@grouped
def apply(
    target: o.Targets = None,
    *,
    wanted: o.WantedState,
    rollout: o.Rollout,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Bring hosts to the wanted state and check that they are there."""
    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out

    found = hosts.with_wanted(target, connection, wanted)
    raise typer.Exit(roll_out("apply", found, rollout, output, forks=connection.forks, dask=dask))
