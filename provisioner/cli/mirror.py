"""provisioner mirror ..."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from provisioner.cli import options as o
from provisioner.cli.mirror_list import list_
from provisioner.cli.mirror_options import MirrorPlaces, is_mirror, split_registries
from provisioner.cli.mirror_probe import CompareWith, probe
from provisioner.cli.mirror_status import status
from provisioner.cli.option_groups import grouped
from provisioner.mirror_probe import HUB

if TYPE_CHECKING:
    from provisioner.runs.target import Target

mirror = typer.Typer(no_args_is_help=True, help="Registry mirrors of engines that are installed.")
mirror.command("list")(list_)
mirror.command("probe")(probe)
mirror.command("status")(status)

Words = Annotated[Optional[list[str]], typer.Argument(metavar="URL... [TARGET...]", help="mirrors first, then hosts")]
OnDesktop = Annotated[bool, typer.Option("--desktop", help="of Docker Desktop on this machine")]


@mirror.command("set")
@grouped
def set_(
    words: Words = None,
    *,
    fastest: Annotated[
        Optional[int],
        typer.Option("--fastest", min=1, help="ask them, or the list's, and take the N fastest", metavar="N"),
    ] = None,
    compare_with: CompareWith = HUB,
    desktop: OnDesktop = False,
    places: MirrorPlaces,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Make these the mirrors, in this order; installs nothing. Without URLs: those that the inventory wants."""
    from dataclasses import replace

    from provisioner.cli.mirror_probe import split
    from provisioner.errors import UsageError

    urls, targets = split(words)
    if fastest and desktop:
        raise UsageError("--fastest asks from hosts", hint="provisioner mirror probe ranks them; then name the best")
    if fastest:
        from provisioner.cli.mirror_fastest import pick
        from provisioner.cli.rollout import roll_out

        found = pick(fastest, urls, targets, connection, reference=compare_with)
        found = [replace(host, spec=host.spec.model_copy(update=places.said())) for host in found]
        roll_out("mirror set", found, rollout, output, forks=connection.forks)
    if desktop:
        _on_desktop("mirror set", urls, targets, rollout, output)
    if urls:
        _change(
            "mirror set",
            split_registries(urls),
            targets,
            places,
            rollout=rollout,
            connection=connection,
            output=output,
        )
    if not connection.inventory:
        raise UsageError(
            "name at least one mirror URL, or an inventory that wants mirrors",
            hint="to remove all mirrors: provisioner mirror clear",
        )
    _change("mirror set", {}, targets, places, rollout=rollout, connection=connection, output=output)


@mirror.command("add")
@grouped
def add(
    words: Words = None,
    *,
    first: Annotated[bool, typer.Option("--first", help="before the others, not after them")] = False,
    places: MirrorPlaces,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Add mirrors to those that a host has; one that is there already stays where it is."""
    urls, targets = _named(words, "add")
    wanted = {"mirror_change": {"add": urls, "first": first}}
    _change("mirror add", wanted, targets, places, rollout=rollout, connection=connection, output=output)


@mirror.command("remove")
@grouped
def remove(
    words: Words = None,
    *,
    exact: Annotated[
        Optional[list[str]],
        typer.Option("--exact", help="one that is no URL, as it stands in the file; repeatable", metavar="TEXT"),
    ] = None,
    places: MirrorPlaces,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Remove mirrors from those that a host has; the others stay in their order."""
    urls, targets = ([], words or []) if exact and not any(map(is_mirror, words or [])) else _named(words, "remove")
    _change(
        "mirror remove",
        {"mirror_change": {"remove": [*urls, *(exact or [])]}},
        targets,
        places,
        rollout=rollout,
        connection=connection,
        output=output,
    )


@mirror.command("clear")
@grouped
def clear(
    target: o.Targets = None,
    *,
    desktop: OnDesktop = False,
    places: MirrorPlaces,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    """Remove all mirrors; installs nothing."""
    if desktop:
        _on_desktop("mirror clear", [], target or [], rollout, output)
    _change(
        "mirror clear",
        {"registry_mirrors": []},
        target or [],
        places,
        rollout=rollout,
        connection=connection,
        output=output,
    )


def _named(words: list[str] | None, how: str) -> tuple[list[str], list[str]]:
    from provisioner.cli.mirror_probe import split
    from provisioner.errors import UsageError

    urls, targets = split(words)
    if not urls:
        raise UsageError("name at least one mirror URL", hint=f"provisioner mirror {how} https://mirror.example")
    if "other_registry_mirrors" in split_registries(urls):
        raise UsageError(
            f"mirror {how} is about Docker Hub's mirrors", hint="mirror set HOST=URL... says all mirrors of a registry"
        )
    return urls, targets


def _on_desktop(
    command: str, urls: list[str], targets: list[str], rollout: o.Rollout, output: o.ReportedOutput
) -> None:
    from provisioner.cli import mirror_desktop

    mirror_desktop.change(command, urls, targets, rollout, output)


def _change(
    command: str,
    wanted: dict[str, Any],
    targets: list[str],
    places: MirrorPlaces,
    *,
    rollout: o.Rollout,
    connection: o.Connection,
    output: o.ReportedOutput,
) -> None:
    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out

    said = {**wanted, **places.said(), "install": False}
    if wanted:
        found = hosts.targets(targets, connection, said, only_said=True)
    else:
        found = [_mirrors_alone(target) for target in hosts.targets(targets, connection, said)]
    roll_out(command, found, rollout, output, forks=connection.forks)


def _mirrors_alone(target: Target) -> Target:
    """The target with that part of its wanted state which says mirrors.

    Raises:
        UsageError: the inventory says nothing about them.
    """
    from dataclasses import replace

    from provisioner.cli import hosts
    from provisioner.errors import UsageError
    from provisioner.wanted.spec import MIRROR_FIELDS

    state = target.spec
    if state.registry_mirrors is None and not state.other_registry_mirrors:
        raise UsageError(
            f"the inventory has no registry_mirrors for {target.name}; nothing was contacted",
            hint="write them below docker:, name URLs, or narrow the hosts with --limit",
        )
    wanted = {name: getattr(state, name) for name in MIRROR_FIELDS}
    return replace(target, spec=hosts.spec(**wanted, install=False))
