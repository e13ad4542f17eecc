"""provisioner mirror ..."""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped

mirror = typer.Typer(no_args_is_help=True, help="Registry mirrors of engines that are installed.")


@mirror.command("set")
@grouped
def set_(
    words: Annotated[list[str], typer.Argument(metavar="URL... [TARGET...]", help="mirrors first, then hosts")],
    *,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Make these the mirrors, in this order; installs nothing."""
    from provisioner.errors import UsageError

    urls = [word for word in words if "://" in word]
    if not urls:
        raise UsageError("name at least one mirror URL", hint="to remove all mirrors: provisioner mirror clear")
    targets = [word for word in words if "://" not in word]
    _change("mirror set", urls, targets, rollout=rollout, connection=connection, output=output)


@mirror.command("clear")
@grouped
def clear(
    target: o.Targets = None,
    *,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Remove all mirrors; installs nothing."""
    _change("mirror clear", [], target or [], rollout=rollout, connection=connection, output=output)


def _change(
    command: str,
    urls: list[str],
    targets: list[str],
    *,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out

    found = hosts.targets(targets, connection, {"registry_mirrors": urls, "install": False}, only_said=True)
    roll_out(command, found, rollout, output, forks=connection.forks)
