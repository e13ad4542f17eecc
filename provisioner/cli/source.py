"""provisioner source ..."""

from __future__ import annotations

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped

source = typer.Typer(no_args_is_help=True, help="Where Docker's packages can be had.")


@source.command("list")
def list_(*, as_json: o.AsJson = False) -> None:
    """Show the package sources that --source knows by name."""
    from provisioner.catalogue.package_sources import package_sources
    from provisioner.report import gate
    from provisioner.report.catalogue import sources_document, sources_text
    from provisioner.report.terminal import terminal_width

    rows = list(package_sources().values())
    if as_json:
        gate.document(sources_document(rows))
    else:
        gate.result(sources_text(rows, width=terminal_width()))


@source.command("probe")
@grouped
def probe(
    target: o.Targets = None,
    *,
    wanted: o.WantedState,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Ask the package sources from the hosts: latency, do they carry this release, newest engine, problem."""
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.result import answers
    from provisioner.report.offers import sources_document, sources_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import available

    found = hosts.with_wanted(target, connection, wanted)
    offers = available.sources(found, forks=connection.forks)
    raise typer.Exit(
        answers(
            offers,
            output,
            document=sources_document,
            text=partial(sources_text, width=terminal_width()),
            failed=available.failed,
        )
    )
