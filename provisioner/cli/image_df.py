"""provisioner image df"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Optional

import typer

from provisioner.cli.image_options import WHO, ImageConnection, ImageOutput, On
from provisioner.cli.option_groups import grouped
from provisioner.cli.options import Targets


@dataclass(frozen=True, slots=True)
class DiskConnection(ImageConnection):
    """`ImageConnection` for a question that makes every host walk its disks."""

    forks: Annotated[
        int, typer.Option("--forks", min=1, help="hosts at a time; each walks its disks", rich_help_panel=WHO)
    ] = 5


@grouped
def df(
    target: Targets = None,
    *,
    on: On = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="every image, container and volume")] = False,
    template: Annotated[
        Optional[str], typer.Option("--format", help="a Go template, or table and one", metavar="TEMPLATE")
    ] = None,
    connection: DiskConnection,
    output: ImageOutput,
) -> None:
    """Say what engines keep on their disks: of one host what docker system df prints there, of several a table with
    its sum.

    With -v or --format, several hosts are printed one after another.
    """
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.image_result import one_after_another
    from provisioner.cli.result import answers
    from provisioner.report import gate
    from provisioner.report.image_df import WHY, df_document, df_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import image_df as run

    found = hosts.targets([*(target or ()), *(on or ())], connection, only_said=True)
    words = [*(["-v"] if verbose else []), *(["--format", template] if template else [])]
    if output.as_json or (len(found) > 1 and not words):
        disks = run.disks(found, None, forks=connection.forks)
        text = partial(df_text, width=terminal_width())
        raise typer.Exit(answers(disks, output.output, document=df_document, text=text, failed=run.failed))
    code = one_after_another(run.disks(found, words, forks=connection.forks), headed=True)
    if verbose and not template and code == 0:
        gate.remark(WHY)
    raise typer.Exit(code)
