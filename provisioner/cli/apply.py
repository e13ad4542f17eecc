"""provisioner apply"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Optional

import typer

from provisioner.cli import options as o
from provisioner.cli.dask_options import Dask
from provisioner.cli.option_groups import grouped


@grouped
def apply(
    target: Annotated[
        Optional[list[str]],
        typer.Argument(
            metavar="[TARGET]...|FILE",
            help="\\[user@]host\\[:port], none: this machine; or one file that `plan --out` has written",
        ),
    ] = None,
    *,
    wanted: o.WantedState,
    rollout: o.Rollout,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Bring hosts to the wanted state and check that they are there.

    A word that is the name of a file which holds a plan is that plan: exactly what was shown runs, on hosts that are
    still as they were.
    """
    from provisioner.cli import hosts
    from provisioner.cli.plan_file import plan_among
    from provisioner.cli.rollout import roll_out

    if (path := plan_among(target or ())) is not None:
        from provisioner.cli.plan_file import planned

        found = planned(path, wanted, connection, quiet=output.quiet)
    else:
        found = hosts.with_wanted(target, connection, wanted)
    raise typer.Exit(
        roll_out("apply", found, rollout, output, forks=connection.forks, shard=connection.shard, dask=dask)
    )
