"""provisioner image rm"""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli.image_options import Filter, ImageConnection, ImageOutput, On, Words
from provisioner.cli.option_groups import grouped
from provisioner.cli.rollout_options import RunId, part_of


@grouped
def rm(
    words: Words = None,
    *,
    on: On = None,
    filter_: Filter = None,
    force: Annotated[
        bool, typer.Option("--force", help="as docker's: names go although a container uses the image")
    ] = False,
    no_prune: Annotated[bool, typer.Option("--no-prune", help="leave parents without a name")] = False,
    run_id: RunId = None,
    connection: ImageConnection,
    output: ImageOutput,
) -> None:
    """Remove images by name, digest or id: what docker image rm does and says, and for what stays why.

    With -f, every name that the filter finds on a host is removed. -f is the filter here, as it is of image ls; what
    docker image rm -f does is --force.
    """
    import sys

    from provisioner.cli import hosts
    from provisioner.cli.image_removal import removals
    from provisioner.errors import UsageError
    from provisioner.images.words import image_or_id, split_words
    from provisioner.report import gate
    from provisioner.runs import image_rm as run
    from provisioner.runs.image_journal import ImageJournal
    from provisioner.runs.images import question

    names, targets = split_words(words)
    if not names and not filter_:
        raise UsageError("no image was named; nothing was touched", hint="provisioner image rm IMAGE, or -f KEY=VALUE")
    asked = question(names, filter_, everything=False) if filter_ else None
    references = [] if asked else [image_or_id(name) for name in names]
    found = hosts.targets([*targets, *(on or ())], connection, only_said=True)
    journal = ImageJournal("image rm", found, argv=sys.argv[1:], warn=gate.remark, part=part_of(run_id, connection))
    rows = run.remove(
        found,
        references,
        asked,
        force=force,
        prune=not no_prune,
        forks=connection.forks,
        done=lambda row: journal.add(row.host, row.error, changed=row.changed),
    )
    journal.end()
    raise typer.Exit(removals(rows, output.output, run=journal.run))
