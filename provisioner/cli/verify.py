"""provisioner verify"""

from __future__ import annotations

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped


@grouped
def verify(
    target: o.Targets = None,
    *,
    proof: o.Proof = None,
    wanted: o.WantedState,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Check that hosts are in the wanted state; change nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.survey import survey
    from provisioner.runs import one_host
    from provisioner.runs.outcome import Outcome
    from provisioner.runs.target import Target

    def work(target: Target) -> Outcome:
        return one_host.verify(target, on_step=lambda _step, _what: None, proof=proof)

    found = hosts.with_wanted(target, connection, wanted)
    raise typer.Exit(survey("verify", found, work, output, forks=connection.forks))
