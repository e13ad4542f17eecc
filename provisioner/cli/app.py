"""The command line: which commands there are, and what happens to their errors."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from provisioner import __version__
from provisioner.cli.apply import apply
from provisioner.cli.check import check
from provisioner.cli.facts import facts
from provisioner.cli.history import history
from provisioner.cli.image import image
from provisioner.cli.mirror import mirror
from provisioner.cli.plan import plan
from provisioner.cli.platform import platform as platform_commands
from provisioner.cli.remove import remove
from provisioner.cli.render import render
from provisioner.cli.source import source
from provisioner.cli.status import status
from provisioner.cli.verify import verify
from provisioner.cli.versions import versions
from provisioner.errors import CancelledError, ProvisionerError, UsageError
from provisioner.report import gate
from provisioner.runs.crash import as_bug
from provisioner.runs.interruption import terminations_interrupt

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (facts, check, plan, apply, verify, status, versions, remove):
    app.command()(command)
app.add_typer(history, name="history")
app.add_typer(mirror, name="mirror")
app.add_typer(image, name="image")
app.add_typer(source, name="source")
app.add_typer(render, name="render")
app.add_typer(platform_commands, name="platform")

WrongUse: Any = typer.BadParameter.__mro__[2]
"""What the parser raises for arguments that it cannot take."""


def run() -> None:
    """Run a command; the only place that prints errors and chooses the exit code."""
    gate.open_streams()
    with terminations_interrupt():
        code = _run()
    if trouble := gate.close():
        gate.remark(f"error: the result could not be written: {trouble}")
        code = code or UsageError.exit_code
    sys.exit(code)


def _run() -> int:
    try:
        return app(standalone_mode=False) or 0
    except ProvisionerError as error:
        return _told(error)
    except WrongUse as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # the help is printed by now, or it is the message
            gate.remark(error.message, end="")
            return UsageError.exit_code
        context = getattr(error, "ctx", None)
        where = context.command_path if context else "provisioner"
        return _told(UsageError(error.format_message(), hint=f"{where} --help shows what there is"))
    except (KeyboardInterrupt, typer.Abort):
        return _told(CancelledError("interrupted; what has begun on a host runs to its end there"))
    except SystemExit as ended:  # the parser's own way out of shell completion
        return ended.code if isinstance(ended.code, int) else 0
    except Exception as cause:  # noqa: BLE001 # whatever else happens is a bug, and is written down
        if isinstance(cause, OSError) and gate.close():  # the parser prints --help itself
            return 0
        return _told(as_bug(cause))


def _told(error: ProvisionerError) -> int:
    from provisioner.report.failure import failure_text
    from provisioner.report.terminal import terminal_width

    gate.remark(failure_text("error", error, terminal_width("stderr")))
    words = sys.argv[1:]
    if "--json" in words:
        from provisioner.report.envelope import failure

        groups = {group.name for group in app.registered_groups}
        named = words[0] == "history" and words[1:2] not in (["export"], ["merge"])  # the next word is a run
        gate.document(failure(" ".join(words[: 2 if words[0] in groups and not named else 1]), error))
    return error.exit_code


@app.callback(invoke_without_command=True)
def root(*, version: Annotated[bool, typer.Option("--version", help="show the version and exit")] = False) -> None:
    """Docker Engine and registry mirrors on fresh Linux servers: planned, applied, proven."""
    if version:
        gate.result(f"provisioner {__version__}")
        raise typer.Exit
