"""provisioner history ..."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from provisioner.cli import options as o


class _RunOrCommand(TyperGroup):
    """A word that is no command is the name of a run, and none asks for the list of runs."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self.whole(args))

    def whole(self, args: list[str]) -> list[str]:
        """The words with the command that they leave out."""
        return args if args and (args[0] in self.commands or args[0] in {"-h", "--help"}) else ["show", *args]


history = typer.Typer(
    cls=_RunOrCommand,
    subcommand_metavar="[RUN] | COMMAND [ARGS]...",
    help="The last runs that changed hosts; with RUN, one of them with its hosts.",
)

Run = Annotated[str, typer.Argument(metavar="RUN", help="its name, a beginning of it, or last")]


@history.command("show")
def show(
    run: Annotated[
        Optional[str],
        typer.Argument(metavar="[RUN]", help="one run with its hosts: its name, a beginning of it, or last"),
    ] = None,
    *,
    as_json: o.AsJson = False,
) -> None:
    """Show the last runs that changed hosts, or one of them: what `history` and `history RUN` do."""
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


@history.command("export")
def export(run: Run) -> None:
    """Print one run as a file for `history merge`; it holds no secrets.

    Of a run that resumed others, with what came of its hosts in those.
    """
    from provisioner.report import gate
    from provisioner.runs import history as journal
    from provisioner.runs.history_export import export_document
    from provisioner.runs.resumed import whole

    gate.document(export_document(whole(journal.run(run))))


@history.command("merge")
def merge(
    file: Annotated[list[str], typer.Argument(metavar="FILE...", help="what `history export` has written")],
    *,
    as_json: o.AsJson = False,
    report: o.Report = None,
) -> None:
    """Put the parts of a run together: one table, one report, and the worst of the hosts' exit codes.

    Each host is there once, with its last word; what the run has changed stays changed. 130: hosts have no outcome,
    since their run was cut off. 2: a shard is missing.
    """
    from contextlib import closing

    from provisioner.report import gate
    from provisioner.report.html import run_page
    from provisioner.report.merged import merged_document, merged_text
    from provisioner.report.report_file import ReportFile
    from provisioner.report.terminal import terminal_width
    from provisioner.runs.history_export import read_export
    from provisioner.runs.history_merge import merge as merge_runs

    command = "history merge"
    merged = merge_runs([(path, read_export(path)) for path in file])
    with closing(ReportFile(report)) as page:
        if as_json:
            gate.document(merged_document(merged, command))
        else:
            gate.result(merged_text(merged, width=terminal_width()))
        page.write_page(lambda: run_page(merged, command))
    raise typer.Exit(merged.exit_code)
