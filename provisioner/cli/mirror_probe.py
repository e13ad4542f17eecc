"""provisioner mirror probe"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Optional

import typer

from provisioner.cli import options as o
from provisioner.cli.mirror_options import split_words
from provisioner.cli.option_groups import grouped
from provisioner.mirror_probe import DOCKER_HUB_URL

CompareWith = Annotated[
    str, typer.Option("--compare-with", help='registry whose images are the right ones; "" for none', metavar="URL")
]


@grouped
def probe(
    words: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[URL]... [TARGET]...", help="none: the mirrors of the list that work; this machine"),
    ] = None,
    *,
    image: Annotated[
        Optional[list[str]],
        typer.Option("--image", help="must be served too, and measures throughput; repeatable", metavar="IMAGE"),
    ] = None,
    compare_with: CompareWith = DOCKER_HUB_URL,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Ask mirrors of Docker Hub how they answer, from this machine or from the hosts; changes nothing.

    Ends with 7 when a mirror that was named is not alive, or when none of the list is.
    """
    from functools import partial

    from provisioner.cli import hosts
    from provisioner.cli.result import table
    from provisioner.mirror_probe.answer import image as named
    from provisioner.report.mirrors import views_document, views_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import mirrors

    images = [named(text) for text in image or ()]
    given, names = split_words(words, connection.inventory)
    wanted = {"registry_mirrors": mirrors.candidates(given), "install": False}
    found = hosts.targets(names, connection, wanted, only_said=True)
    asked = (found[0].spec.registry_mirrors if found else None) or ()
    seen = mirrors.views(found, asked, images, forks=connection.forks, reference=compare_with)
    document = partial(views_document, every=bool(given))
    shown = table(
        seen, output, document=document, text=partial(views_text, width=terminal_width()), failed=mirrors.failed
    )
    raise typer.Exit(mirrors.exit_code(shown, every=bool(given)))
