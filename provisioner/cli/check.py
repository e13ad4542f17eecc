"""provisioner check"""

from __future__ import annotations

import typer

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

    Package sources are asked as plan asks them. A failure stops apply. Exit code 0: none, though there may be
    warnings; 5: kernel, architecture or distribution are not supported, or no package source has an engine for them;
    8: something else has to be put right first.
    """
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.result import table
    from provisioner.report.findings import check_document, check_text
    from provisioner.report.paint import paint_for
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import check as run
    from provisioner.runs.fleet import worst

    found = hosts.with_wanted(target, connection, wanted)
    checked = run.check(found, forks=connection.forks)
    paint = paint_for("stdout", no_color=output.no_color)
    text = partial(check_text, passes=output.verbose, width=terminal_width(), paint=paint)
    shown = table(checked, output, document=check_document, text=text, failed=run.unanswered)
    raise typer.Exit(worst(host.exit_code for host in shown))
