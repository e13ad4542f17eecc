"""provisioner image load, push and save"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from provisioner.cli.image_options import ImageConnection, ImageOutput, LoadConnection, On, Words
from provisioner.cli.option_groups import grouped
from provisioner.cli.rollout_options import RunId, part_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from provisioner.report.quiet import Progress
    from provisioner.runs.image_push import Delivered


@grouped
def push(
    words: Words = None,
    *,
    on: On = None,
    source: Annotated[
        Optional[str],
        typer.Option("--from", help="the host that has the images, instead of this machine", metavar="HOST"),
    ] = None,
    run_id: RunId = None,
    connection: ImageConnection,
    output: ImageOutput,
) -> None:
    """Bring images of this machine's engine to hosts over SSH, without a registry: only layers that are missing there.

    A word USER@HOST is a host, any other an image. What a cut connection has left is used by the next run.
    """
    import sys

    from provisioner.cli import hosts
    from provisioner.errors import UsageError
    from provisioner.images.words import image_or_id, split_words
    from provisioner.runs.image_push import deliver, saved

    names, targets = split_words(words)
    if not names:
        raise UsageError("no image is named", hint="provisioner image push NAME... USER@HOST...")
    if not targets and not on and not connection.inventory:
        raise UsageError("no host is named that they could go to", hint="write USER@HOST, --on HOST or -i FILE")
    images = [image_or_id(name) for name in names]
    found = hosts.targets([*targets, *(on or ())], connection, only_said=True)
    (at,) = hosts.targets([source] if source else None, LoadConnection.reaching(connection), only_said=True)
    with _watching(output) as progress, saved(at, images, progress) as archive:
        part = part_of(run_id, connection)
        rows = deliver("image push", archive, found, progress, argv=sys.argv[1:], forks=connection.forks, part=part)
    raise typer.Exit(_delivered("image push", rows, output))


@grouped
def load(
    target: Annotated[
        Optional[list[str]], typer.Argument(metavar="[TARGET]...", help="\\[user@]host\\[:port]; none: this machine")
    ] = None,
    *,
    file: Annotated[str, typer.Option("-i", "--input", help="what docker save has written", metavar="FILE")],
    on: On = None,
    run_id: RunId = None,
    connection: LoadConnection,
    output: ImageOutput,
) -> None:
    """Load the images of a file into the engines of hosts: only layers that are missing there travel."""
    import sys
    from pathlib import Path

    from provisioner.cli import hosts
    from provisioner.runs.image_archive import read_archive
    from provisioner.runs.image_push import deliver

    found = hosts.targets([*(target or ()), *(on or ())], connection, only_said=True)
    archive = read_archive(Path(file))
    with _watching(output) as progress:
        part = part_of(run_id, connection)
        rows = deliver("image load", archive, found, progress, argv=sys.argv[1:], forks=connection.forks, part=part)
    raise typer.Exit(_delivered("image load", rows, output))


@grouped
def save(
    image: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="names or ids")],
    *,
    file: Annotated[str, typer.Option("-o", "--output", help="where to", metavar="FILE")],
    on: Annotated[
        Optional[str], typer.Option("--on", help="the host that has them; none: this machine", metavar="HOST")
    ] = None,
    connection: ImageConnection,
) -> None:
    """Write images of a host's engine to a file of this machine, as docker save does."""
    from pathlib import Path

    from provisioner.cli import hosts
    from provisioner.errors import UsageError
    from provisioner.images.words import image_or_id
    from provisioner.runs.image_push import save as run

    found = hosts.targets([on] if on else None, connection, only_said=True)
    if len(found) != 1:
        raise UsageError(f"a file has the images of one host, and these are {len(found)}", hint="narrow them with -l")
    with _watching(ImageOutput()) as progress:
        run(found[0], [image_or_id(name) for name in image], Path(file), progress)


def _watching(output: ImageOutput) -> AbstractContextManager[Progress]:
    from provisioner.report.progress import watching

    return watching(output.output)


def _delivered(command: str, rows: list[Delivered], output: ImageOutput) -> int:
    from functools import partial

    from provisioner.cli.result import answers
    from provisioner.report.image_push import delivered_document, delivered_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import image_push

    return answers(
        rows,
        output.output,
        document=partial(delivered_document, command),
        text=partial(delivered_text, width=terminal_width()),
        failed=image_push.failed,
    )
