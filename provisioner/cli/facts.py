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
    raw: Annotated[bool, typer.Option("--raw", help="the host's answer as it came, secrets hidden")] = False,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Show what is known about hosts."""
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.result import answers
    from provisioner.masking import masked
    from provisioner.report import gate
    from provisioner.report.facts import facts_document, facts_text
    from provisioner.report.failure import failure_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import facts as run
    from provisioner.runs.fleet import worst

    found = hosts.targets(target, connection, only_said=True)
    gathered = run.facts(found, forks=connection.forks, raw=raw)
    text = partial(facts_text, whole=output.verbose, width=terminal_width())
    if not raw:
        raise typer.Exit(answers(gathered, output, document=facts_document, text=text, failed=run.failed))
    for row in gathered:
        if row.error:
            gate.remark(failure_text(row.host, row.error))
        else:
            gate.exact(masked(row.raw), end="")
    raise typer.Exit(worst(row.exit_code for row in gathered))
