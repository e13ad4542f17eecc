"""provisioner verify"""

from __future__ import annotations

import functools

import typer

from provisioner.cli import options as o
from provisioner.cli.dask_options import Dask
from provisioner.cli.option_groups import grouped


@grouped
def verify(
    target: o.Targets = None,
    *,
    proof: o.Proof = None,
    wanted: o.WantedState,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Check that hosts are in the wanted state; change nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.survey import survey
    from provisioner.remote.progress import unheard
    from provisioner.runs import one_host

    work = functools.partial(one_host.verify, on_step=unheard, proof=proof)
    found = hosts.with_wanted(target, connection, wanted)
    raise typer.Exit(survey("verify", found, work, output, forks=connection.forks, dask=dask))
