"""provisioner history"""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from provisioner.cli import options as o


def history(
    run: Annotated[
        Optional[str],  # noqa: UP045 # typer reads this annotation on Python 3.10 too
        typer.Argument(metavar="[RUN]", help="one run with its hosts: its name, a beginning of it, or last"),
    ] = None,
    *,
    as_json: o.AsJson = False,
) -> None:
    """Show the last runs that changed hosts, or one of them."""
    from provisioner.report import gate
    from provisioner.report import history as shown
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import history as journal

    if run is None:
        records = journal.runs()
        if as_json:
            gate.document(shown.runs_document(records))
        else:
            gate.result(shown.runs_text(records, width=terminal_width()))
    else:
        record = journal.run(run)
        if as_json:
            gate.document(shown.run_document(record))
        else:
            gate.result(shown.run_text(record, width=terminal_width()))
