"""provisioner facts"""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped


@grouped
def facts(
    target: o.Targets = None,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="the host's answer as it came")] = False,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Show what is known about hosts."""
    from provisioner.cli import hosts
    from provisioner.report import gate
    from provisioner.report.facts import facts_document, facts_text
    from provisioner.report.failure import failure_text
    from provisioner.runs import facts as run
    from provisioner.runs.fleet import worst

    found = hosts.targets(target, connection, only_said=True)
    gathered = run.facts(found, forks=connection.forks, raw=raw)
    for row in gathered:
        if row.error:
            gate.remark(failure_text(row.host, row.error))
        elif raw:
            gate.result(row.raw, end="")
        elif row.facts and not output.as_json:
            gate.result(facts_text(row.host, row.facts))
    if output.as_json and not raw:
        gate.document(facts_document(gathered))
    raise typer.Exit(worst(row.exit_code for row in gathered))
