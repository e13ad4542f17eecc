"""provisioner platform ..."""

from __future__ import annotations

import typer

from provisioner.cli import options as o

platform = typer.Typer(no_args_is_help=True, help="Distributions that are known.")


@platform.callback()
def _group() -> None:
    """Keeps `list` a command of its own while it is the only one."""


@platform.command("list")
def list_(*, as_json: o.AsJson = False) -> None:
    """Show every known release: whose packages it takes, and the newest engine there is for it."""
    from provisioner.catalogue.platforms import derivatives, platforms
    from provisioner.report import gate
    from provisioner.report.catalogue import platforms_document, platforms_text
    from provisioner.report.terminal import terminal_width

    rows, follow = platforms(), derivatives().values()
    if as_json:
        gate.document(platforms_document(rows, follow))
    else:
        gate.result(platforms_text(rows, follow, width=terminal_width()))
