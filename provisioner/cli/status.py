"""provisioner status"""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from provisioner.cli import options as o
from provisioner.cli.dask_options import Dask
from provisioner.cli.option_groups import grouped


@grouped
def status(
    target: o.Targets = None,
    *,
    probe: Annotated[bool, typer.Option("--probe", help="let the hosts ask their mirrors as well")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="take files that were edited, and the version, as they are now")
    ] = False,
    wanted: o.WantedState,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Say what has changed on hosts: against the wanted state, their own files, and what the last run left.

    Made for cron: changes nothing, with -q a line for each host, exit code 9 when there is a difference.
    """
    from provisioner.cli import hosts
    from provisioner.cli.survey import survey
    from provisioner.runs import status as run

    work = functools.partial(run.status, probes=probe, accept=accept)
    found = hosts.with_wanted(target, connection, wanted)
    raise typer.Exit(survey("status", found, work, output, forks=connection.forks, lines=True, dask=dask))
