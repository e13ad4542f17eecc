"""provisioner mirror status"""

from __future__ import annotations

import typer

from provisioner.cli import options as o
from provisioner.cli.mirror_options import OnDesktop
from provisioner.cli.option_groups import grouped


@grouped
def status(
    target: o.Targets = None,
    *,
    desktop: OnDesktop = False,
    proof: o.Proof = None,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Show which mirrors are configured, by what, and whether the engine has them; changes nothing.

    Ends with 9 when the engine does not do what the files say, with 7 when --proof finds that no mirror served.
    """
    if desktop:
        from provisioner.cli import mirror_desktop

        raise typer.Exit(mirror_desktop.status(target or (), output, others=(connection,), proof=proof))
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.result import table
    from provisioner.report.mirror_status import mirror_status_document, mirror_status_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import mirror_status as run
    from provisioner.runs.fleet import worst

    targets = hosts.targets(target, connection, {"install": False}, only_said=True)
    found = run.mirror_status(targets, forks=connection.forks, proof=proof)
    text = partial(mirror_status_text, width=terminal_width())
    shown = table(found, output, document=mirror_status_document, text=text, failed=run.failed)
    raise typer.Exit(worst(host.exit_code for host in shown))
