"""provisioner image ls"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Optional

import typer

from provisioner.cli.image_options import Filter, ImageConnection, ImageOutput, On, Words
from provisioner.cli.option_groups import grouped


@grouped
def ls(
    words: Words = None,
    *,
    on: On = None,
    everything: Annotated[bool, typer.Option("-a", "--all", help="intermediate images as well")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="ids alone")] = False,
    digests: Annotated[bool, typer.Option("--digests", help="digests as well")] = False,
    no_trunc: Annotated[bool, typer.Option("--no-trunc", help="ids in full")] = False,
    filter_: Filter = None,
    template: Annotated[
        Optional[str], typer.Option("--format", help="a Go template, or table and one", metavar="TEMPLATE")
    ] = None,
    by: Annotated[
        Optional[str], typer.Option("--by", help="host: a list for each; image: one table of all", metavar="WHICH")
    ] = None,
    connection: ImageConnection,
    output: ImageOutput,
) -> None:
    """List images: of one host what docker image ls prints there, of several which of them have which image.

    A word USER@HOST is a host, any other an image. With options that say how lines look, several hosts are listed one
    after another, as with --by host.
    """
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.image_result import one_after_another
    from provisioner.cli.result import answers
    from provisioner.errors import UsageError
    from provisioner.images.words import split_words
    from provisioner.report import gate
    from provisioner.report.images import images_document, matrix_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import images as run

    if by not in {None, "host", "image"}:
        raise UsageError(f"--by {by}: is host or image")
    names, targets = split_words(words)
    question = run.question(names, filter_, everything=everything)
    found = hosts.targets([*targets, *(on or ())], connection, only_said=True)
    look = run.Look(quiet, digests, no_trunc, template or "")
    if output.as_json or by == "image" or (by is None and len(found) > 1 and look == run.Look()):
        listed = run.list_images(found, question, None, forks=connection.forks, names_alone=not output.as_json)
        text = partial(matrix_text, names=names, width=terminal_width())
        raise typer.Exit(answers(listed, output.output, document=images_document, text=text, failed=run.failed))
    listed = run.list_images(found, question, look, forks=connection.forks)
    code = one_after_another(listed, headed=not quiet)
    nobody_named = not (targets or on or connection.inventory)
    if code == 0 and names and nobody_named and not template and len(listed[0].text.splitlines()) == (not quiet):
        gate.remark(f"this machine has no such image; a host is USER@HOST, or --on {names[0]}")
    raise typer.Exit(code)
