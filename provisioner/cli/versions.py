"""provisioner versions"""

from __future__ import annotations

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped


@grouped
def versions(
    target: o.Targets = None,
    *,
    wanted: o.WantedState,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """List the engines that can be installed, newest first; the installed one is marked."""
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.result import answers
    from provisioner.report.offers import versions_document, versions_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import available

    found = hosts.with_wanted(target, connection, wanted)
    offers = available.versions(found, forks=connection.forks)
    text = partial(versions_text, width=terminal_width())
    raise typer.Exit(answers(offers, output, document=versions_document, text=text, failed=available.failed))
