"""provisioner image prune"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Optional

import typer

from provisioner.cli.image_options import ImageConnection, ImageOutput, On, Words
from provisioner.cli.option_groups import grouped
from provisioner.cli.rollout_options import RunId, part_of

_WHAT = "What goes"


@grouped
def prune(
    words: Words = None,
    *,
    on: On = None,
    everything: Annotated[
        bool, typer.Option("-a", "--all", help="all that no container uses, not only untagged", rich_help_panel=_WHAT)
    ] = False,
    filter_: Annotated[
        Optional[list[str]],
        typer.Option(
            "-f",
            "--filter",
            help="until=TIME (built before it, on every store), label=, label!=, dangling=; repeatable",
            metavar="KEY=VALUE",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    keep_last: Annotated[
        Optional[int],
        typer.Option(
            "--keep-last",
            min=1,
            help="all but the last so many builds of a repository",
            metavar="N",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    unused_for: Annotated[
        Optional[str],
        typer.Option(
            "--unused-for", help="all that was neither got nor used for so long", metavar="30d", rich_help_panel=_WHAT
        ),
    ] = None,
    protect: Annotated[
        Optional[list[str]],
        typer.Option(
            "--protect",
            help="a name, with * for any text, that stays; repeatable",
            metavar="PATTERN",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="show what would go, and touch nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    run_id: RunId = None,
    connection: ImageConnection,
    output: ImageOutput,
) -> None:
    """Show which images would go, why, and how much that frees; then ask, and remove what was shown, nothing else.

    An image that a container uses stays, running or not. So does what a label of compose, swarm, Kubernetes or
    Portainer claims, unless it is named: by an IMAGE, which may be a pattern, or by that label in a filter.
    """
    import sys

    from provisioner.cli import hosts
    from provisioner.cli.confirmation import confirmed
    from provisioner.cli.image_removal import prune_looked, pruned
    from provisioner.errors import UsageError
    from provisioner.images.words import split_words
    from provisioner.report import gate
    from provisioner.report.image_prune import question_text
    from provisioner.runs import image_prune as run
    from provisioner.runs.image_journal import ImageJournal

    names, targets = split_words(words)
    wish = run.wish(
        names,
        filter_,
        everything=everything,
        keep_last=keep_last,
        unused_for=unused_for,
        protect=protect or (),
    )
    if plan and run_id:
        raise UsageError("--run names a run in the history, and --plan begins none", hint="leave --run out of it")
    if not plan and not yes and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; nothing was touched", hint="add --yes, or look with --plan")
    found = hosts.targets([*targets, *(on or ())], connection, only_said=True)
    try:
        looked = run.look(found, wish, forks=connection.forks)
        code = prune_looked(looked, output.output, alone=plan, unused=unused_for is not None)
        if plan:
            raise typer.Exit(code)
        if any(row.pruning.going for row in looked) and not yes and not confirmed(question_text(looked)):
            raise typer.Exit(pruned(looked, (), output.output, run=None))
        journal = ImageJournal(
            "image prune", found, argv=sys.argv[1:], warn=gate.remark, part=part_of(run_id, connection)
        )
        for row in looked:
            if not row.pruning.going:
                journal.add(row.host, row.error, changed=False)
        after = run.carry_out(
            found,
            looked,
            forks=connection.forks,
            done=lambda row: journal.add(row.host, row.error, changed=row.changed, note=row.note),
        )
        journal.end()
    finally:
        run.close(found)
    raise typer.Exit(pruned(looked, after, output.output, run=journal.run))
