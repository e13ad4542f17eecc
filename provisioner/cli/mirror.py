"""provisioner mirror ..."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from provisioner.cli import options as o
from provisioner.cli.dask_options import Dask
from provisioner.cli.mirror_list import list_
from provisioner.cli.mirror_options import MirrorWriting, OnDesktop, split_registries, split_words
from provisioner.cli.mirror_probe import CompareWith, probe
from provisioner.cli.mirror_status import status
from provisioner.cli.option_groups import grouped
from provisioner.mirror_probe import DOCKER_HUB_URL

mirror = typer.Typer(no_args_is_help=True, help="Registry mirrors of engines that are installed.")
mirror.command("list")(list_)
mirror.command("probe")(probe)
mirror.command("status")(status)

Words = Annotated[Optional[list[str]], typer.Argument(metavar="URL... [TARGET...]", help="mirrors first, then hosts")]


@mirror.command("set")
@grouped
def set_(
    words: Words = None,
    *,
    fastest: Annotated[
        Optional[int],
        typer.Option("--fastest", min=1, help="ask them, or the list's, and take the N fastest", metavar="N"),
    ] = None,
    compare_with: CompareWith = DOCKER_HUB_URL,
    desktop: OnDesktop = False,
    writing: MirrorWriting,
    rollout: o.Rollout,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Make these the mirrors, in this order; installs nothing. Without URLs: those that the inventory wants."""
    from provisioner.errors import UsageError

    urls, targets = split_words(words, connection.inventory)
    if fastest and desktop:
        raise UsageError("--fastest asks from hosts", hint="provisioner mirror probe ranks them; then name the best")
    if fastest:
        from provisioner.cli.mirror_fastest import pick
        from provisioner.cli.rollout import roll_out

        found = pick(fastest, urls, targets, connection, reference=compare_with, writing=writing.said())
        raise typer.Exit(
            roll_out("mirror set", found, rollout, output, forks=connection.forks, shard=connection.shard, dask=dask)
        )
    if not urls and (desktop or not connection.inventory):
        raise UsageError(
            "name at least one mirror URL, or an inventory that wants mirrors",
            hint="to remove all mirrors: provisioner mirror clear",
        )
    wanted = split_registries(urls)
    raise typer.Exit(
        _change("mirror set", wanted, targets, writing, rollout, connection, dask, output, desktop=desktop)
    )


@mirror.command("add")
@grouped
def add(
    words: Words = None,
    *,
    first: Annotated[bool, typer.Option("--first", help="before the others, not after them")] = False,
    desktop: OnDesktop = False,
    writing: MirrorWriting,
    rollout: o.Rollout,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Add mirrors to those that a host has; one that is there already stays where it is."""
    urls, targets = _named(words, "add", connection)
    wanted = {"mirror_change": {"add": urls, "first": first}}
    raise typer.Exit(
        _change("mirror add", wanted, targets, writing, rollout, connection, dask, output, desktop=desktop)
    )


@mirror.command("remove")
@grouped
def remove(
    words: Words = None,
    *,
    exact: Annotated[
        Optional[list[str]],
        typer.Option("--exact", help="one that is no URL, as it stands in the file; repeatable", metavar="TEXT"),
    ] = None,
    desktop: OnDesktop = False,
    writing: MirrorWriting,
    rollout: o.Rollout,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Remove mirrors from those that a host has; the others stay in their order."""
    urls, targets = split_words(words, connection.inventory)
    if urls or not exact:
        urls, targets = _named(words, "remove", connection)
    wanted = {"mirror_change": {"remove": [*urls, *(exact or [])]}}
    raise typer.Exit(
        _change("mirror remove", wanted, targets, writing, rollout, connection, dask, output, desktop=desktop)
    )


@mirror.command("clear")
@grouped
def clear(
    target: o.Targets = None,
    *,
    desktop: OnDesktop = False,
    writing: MirrorWriting,
    rollout: o.Rollout,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
) -> None:
    """Remove all mirrors; installs nothing."""
    wanted: dict[str, Any] = {"registry_mirrors": []}
    code = _change("mirror clear", wanted, target or [], writing, rollout, connection, dask, output, desktop=desktop)
    raise typer.Exit(code)


def _named(words: list[str] | None, how: str, connection: o.Connection) -> tuple[list[str], list[str]]:
    from provisioner.errors import UsageError

    urls, targets = split_words(words, connection.inventory)
    if not urls:
        raise UsageError("name at least one mirror URL", hint=f"provisioner mirror {how} https://mirror.example")
    if "other_registry_mirrors" in split_registries(urls):
        raise UsageError(
            f"mirror {how} is about Docker Hub's mirrors",
            hint="provisioner mirror set ghcr.io=https://mirror.example says all mirrors of a registry",
        )
    return urls, targets


def _change(  # noqa: PLR0917 # the groups of options of one command line
    command: str,
    wanted: dict[str, Any],
    targets: list[str],
    writing: MirrorWriting,
    rollout: o.Rollout,
    connection: o.Connection,
    dask: Dask,
    output: o.ReportedOutput,
    *,
    desktop: bool = False,
) -> int:
    """Nothing `wanted`: the inventory says it."""
    if desktop:
        from provisioner.cli import mirror_desktop
        from provisioner.errors import UsageError

        if dask.dask:
            raise UsageError("--desktop is about this machine, and --dask about others", hint="leave one of them out")
        return mirror_desktop.change(command, wanted, targets, writing, rollout=rollout, output=output)
    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out
    from provisioner.runs.targets import mirrors_alone

    said = {**wanted, **writing.said(), "install": False}
    found = hosts.targets(targets, connection, said, only_said=bool(wanted), force=writing.force)
    if not wanted:
        found = list(map(mirrors_alone, found))
    return roll_out(command, found, rollout, output, forks=connection.forks, shard=connection.shard, dask=dask)
