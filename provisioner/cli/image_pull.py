"""provisioner image pull"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Optional

import typer

from provisioner.cli.image_options import ImageConnection, ImageOutput, On, Words
from provisioner.cli.option_groups import grouped
from provisioner.cli.rollout_options import RunId, part_of


@grouped
def pull(
    words: Words = None,
    *,
    on: On = None,
    pulls: Annotated[
        int, typer.Option("--pulls", min=1, help="hosts that pull at once; registries and links bear only so many")
    ] = 5,
    platform: Annotated[
        Optional[str], typer.Option("--platform", help="of the image, as docker says it", metavar="OS/ARCH")
    ] = None,
    proof: Annotated[
        bool,
        typer.Option("--proof", help="name the mirror that serves it, as the engine tells during the pull; needs root"),
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="no progress, and of one host the name alone")] = False,
    run_id: RunId = None,
    connection: ImageConnection,
    output: ImageOutput,
) -> None:
    """Pull images, on one host or many, with the logins to registries that the account has there.

    Ends with 7 when hosts ended with different digests, or when --proof finds that no mirror served it.
    """
    import sys
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.options import Output
    from provisioner.cli.result import table
    from provisioner.errors import UsageError
    from provisioner.images.words import pulled_names, split_words
    from provisioner.report.image_pull import pulled_document, pulled_text
    from provisioner.report.progress import watching
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import image_pull as run
    from provisioner.runs.fleet import worst

    said, targets = split_words(words)
    names = pulled_names(said)
    if not names:
        raise UsageError("no image was named", hint="provisioner image pull redis:7, and hosts as USER@HOST")
    found = hosts.targets([*targets, *(on or ())], connection, only_said=True)
    taste = Output(as_json=output.as_json, quiet=quiet, no_color=output.no_color)
    with watching(taste) as progress:
        pulled = run.pull_images(
            *(found, names, platform or "", progress),
            forks=connection.forks,
            pulls=pulls,
            proof=proof,
            argv=sys.argv[1:],
            part=part_of(run_id, connection),
        )
    shown = table(
        pulled.hosts,
        taste,
        document=partial(pulled_document, run=pulled.run, agreements=pulled.agreements),
        text=partial(pulled_text, agreements=pulled.agreements, quiet=quiet, width=terminal_width()),
        failed=run.failed,
    )
    raise typer.Exit(worst(host.exit_code for host in shown))
