"""The command line: which commands there are, and what happens to their errors."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated, NoReturn

import typer

from provisioner import __version__
from provisioner.cli.apply import apply
from provisioner.cli.check import check
from provisioner.cli.facts import facts
from provisioner.cli.history import history
from provisioner.cli.mirror import mirror
from provisioner.cli.plan import plan
from provisioner.cli.platform import platform as platform_commands
from provisioner.cli.remove import remove
from provisioner.cli.render import render
from provisioner.cli.source import source
from provisioner.cli.status import status
from provisioner.cli.verify import verify
from provisioner.cli.versions import versions
from provisioner.errors import CancelledError, ProvisionerError
from provisioner.report import gate
from provisioner.runs.crash import as_bug

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (facts, check, plan, apply, verify, status, versions, remove, history):
    app.command()(command)
app.add_typer(mirror, name="mirror")
app.add_typer(source, name="source")
app.add_typer(render, name="render")
app.add_typer(platform_commands, name="platform")


def run() -> None:
    """Run a command; the only place that prints errors and chooses the exit code."""
    try:
        app()
    except ProvisionerError as error:
        _end(error)
    except KeyboardInterrupt:
        _end(CancelledError("interrupted; what has begun on a host runs to its end there"))
    except Exception as cause:  # noqa: BLE001 # whatever else happens is a bug, and is written down
        _end(as_bug(cause))


def _end(error: ProvisionerError) -> NoReturn:
    gate.remark(f"error: {error.message}")
    if error.hint:
        gate.remark(f"  -> {error.hint}")
    words = sys.argv[1:]
    if "--json" in words:
        from provisioner.report.envelope import failure

        groups = {group.name for group in app.registered_groups}
        with contextlib.suppress(OSError):  # it may be why nothing could be printed in the first place
            gate.document(failure(" ".join(words[: 2 if words[0] in groups else 1]), error))
    sys.exit(error.exit_code)


@app.callback(invoke_without_command=True)
def root(*, version: Annotated[bool, typer.Option("--version", help="show the version and exit")] = False) -> None:
    """Docker Engine and registry mirrors on fresh Linux servers: planned, applied, proven."""
    if version:
        gate.result(f"provisioner {__version__}")
        raise typer.Exit
