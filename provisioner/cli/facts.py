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
    from provisioner.cli import facts_table, hosts

    found = hosts.targets(target, connection, only_said=True)
    facts_table.show(found, raw=raw, as_json=output.as_json, forks=connection.forks)
