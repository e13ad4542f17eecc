"""provisioner check"""

from __future__ import annotations

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped


@grouped
def check(
    target: o.Targets = None,
    *,
    wanted: o.WantedState,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Say whether hosts can carry a Docker Engine, before anything is changed.

    A failure stops apply. Exit code 0: none, though there may be warnings; 5: kernel, architecture or
    distribution are not supported; 8: something else has to be put right first.
    """
    from provisioner.cli import check_table, hosts

    found = hosts.targets(target, connection, wanted.said())
    check_table.show(found, output, forks=connection.forks)
