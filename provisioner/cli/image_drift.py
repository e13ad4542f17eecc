"""provisioner image drift"""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli.image_options import ImageConnection, ImageOutput, On, Words
from provisioner.cli.option_groups import grouped


@grouped
def drift(
    words: Words = None,
    *,
    on: On = None,
    upstream: Annotated[
        bool, typer.Option("--upstream", help="ask mirrors or registries, from the hosts, what names mean now")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="a line for each host with drift, nothing when all is well")
    ] = False,
    connection: ImageConnection,
    output: ImageOutput,
) -> None:
    """Find containers of an image that its name no longer means, and names that are not the same image everywhere.

    Made for cron: changes nothing, exit code 9 when there is drift, 4 when --upstream learned nothing of a name.
    Digests are compared, never ids of different stores; names may have wildcards.
    """
    from provisioner.cli import hosts
    from provisioner.cli.result import answers
    from provisioner.images.words import split_words
    from provisioner.report.image_drift import drift_document, drift_lines, drift_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import image_drift as run

    said, targets = split_words(words)
    names = run.wanted_names(said)
    found = hosts.targets([*targets, *(on or ())], connection, only_said=True)
    drifts, differing = run.look(found, names, upstream=upstream, forks=connection.forks)
    width = terminal_width()

    def text(rows: list[run.Drift]) -> str:
        return drift_lines(rows) if quiet else drift_text(rows, differing, width=width)

    raise typer.Exit(
        answers(
            drifts,
            output.output,
            document=lambda rows: drift_document(rows, differing),
            text=lambda rows: text(list(rows)),
            failed=run.failed,
        )
    )
