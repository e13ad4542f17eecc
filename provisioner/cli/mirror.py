"""provisioner mirror ..."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Optional

import typer

from provisioner.cli import options as o
from provisioner.cli.mirror_list import list_
from provisioner.cli.mirror_probe import HUB, CompareWith, probe
from provisioner.cli.option_groups import grouped

mirror = typer.Typer(no_args_is_help=True, help="Registry mirrors of engines that are installed.")
mirror.command("list")(list_)
mirror.command("probe")(probe)

OnDesktop = Annotated[bool, typer.Option("--desktop", help="of Docker Desktop on this machine")]


@mirror.command("set")
@grouped
def set_(
    words: Annotated[
        Optional[list[str]], typer.Argument(metavar="URL... [TARGET...]", help="mirrors first, then hosts")
    ] = None,
    *,
    fastest: Annotated[
        Optional[int],
        typer.Option("--fastest", min=1, help="ask them, or the list's, and take the N fastest", metavar="N"),
    ] = None,
    compare_with: CompareWith = HUB,
    desktop: OnDesktop = False,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Make these the mirrors, in this order; installs nothing."""
    from provisioner.cli.mirror_probe import split
    from provisioner.errors import UsageError

    urls, targets = split(words)
    if fastest and desktop:
        raise UsageError("--fastest asks from hosts", hint="provisioner mirror probe ranks them; then name the best")
    if fastest:
        from provisioner.cli.mirror_fastest import pick
        from provisioner.cli.rollout import roll_out

        found = pick(fastest, urls, targets, connection, reference=compare_with)
        roll_out("mirror set", found, rollout, output, forks=connection.forks)
    if not urls:
        raise UsageError("name at least one mirror URL", hint="to remove all mirrors: provisioner mirror clear")
    _change("mirror set", urls, targets, desktop=desktop, rollout=rollout, connection=connection, output=output)


@mirror.command("clear")
@grouped
def clear(
    target: o.Targets = None,
    *,
    desktop: OnDesktop = False,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Remove all mirrors; installs nothing."""
    _change("mirror clear", [], target or [], desktop=desktop, rollout=rollout, connection=connection, output=output)


def _change(
    command: str,
    urls: list[str],
    targets: list[str],
    *,
    desktop: bool,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    if desktop:
        from provisioner.cli import mirror_desktop

        mirror_desktop.change(command, urls, targets, rollout, output)
    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out

    found = hosts.targets(targets, connection, {"registry_mirrors": urls, "install": False}, only_said=True)
    roll_out(command, found, rollout, output, forks=connection.forks)
