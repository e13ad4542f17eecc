"""provisioner image run"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Optional

import typer

from provisioner.cli.image_options import ImageOutput, On, RunConnection
from provisioner.cli.option_groups import grouped
from provisioner.cli.rollout_options import RunId, part_of


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Docker's own."""

    remove: Annotated[bool, typer.Option("--rm", help="remove the container when it ends")] = False
    interactive: Annotated[bool, typer.Option("-i", "--interactive", help="pass the standard input on")] = False
    tty: Annotated[bool, typer.Option("-t", "--tty", help="with a terminal; on one host")] = False
    detach: Annotated[bool, typer.Option("-d", "--detach", help="leave it running, print its id")] = False
    env: Annotated[
        Optional[list[str]], typer.Option("-e", "--env", help="a variable; repeatable", metavar="NAME=VALUE")
    ] = None
    publish: Annotated[
        Optional[list[str]], typer.Option("-p", "--publish", help="a port; repeatable", metavar="PORT:PORT")
    ] = None
    volume: Annotated[
        Optional[list[str]], typer.Option("-v", "--volume", help="a mount; repeatable", metavar="PLACE:PATH")
    ] = None
    name: Annotated[Optional[str], typer.Option("--name", help="of the container", metavar="NAME")] = None
    entrypoint: Annotated[
        Optional[str], typer.Option("--entrypoint", help="instead of the image's", metavar="PROGRAM")
    ] = None


@grouped
def run(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="a name or an id; what follows is the container's")],
    command: Annotated[
        Optional[list[str]], typer.Argument(metavar="[COMMAND]...", help="instead of the image's, with its options")
    ] = None,
    *,
    on: On = None,
    options: RunOptions,
    run_id: RunId = None,
    connection: RunConnection,
    output: ImageOutput,
) -> None:
    """Run a command in a new container: on one host as docker run does there, -it with a real terminal; on several
    without one, each line behind its host.

    Hosts are named by --on and --inventory, all options come before IMAGE. The exit code is the container's, of several
    the worst.
    """
    import sys

    from provisioner.cli import hosts
    from provisioner.errors import UsageError
    from provisioner.images.container import container
    from provisioner.report import gate
    from provisioner.report.container_output import Kept, Plain, Prefixed
    from provisioner.report.failure import failures_text
    from provisioner.report.terminal import terminal_width
    from provisioner.runs import image_run
    from provisioner.runs.fleet import worst

    if output.as_json and options.tty:
        raise UsageError("--json is for programs, and -t for people", hint="leave one of them out")
    wanted = container(
        image,
        command or (),
        remove=options.remove,
        interactive=options.interactive,
        tty=options.tty,
        detach=options.detach,
        environment=tuple(options.env or ()),
        publish=tuple(options.publish or ()),
        volumes=tuple(options.volume or ()),
        name=options.name,
        entrypoint=options.entrypoint,
    )
    found = hosts.targets(on, connection, only_said=True)
    image_run.check(wanted, found, terminal=sys.stdin.isatty())
    listener = Kept() if output.as_json else Prefixed() if len(found) > 1 else Plain()
    part = part_of(run_id, connection)
    ran = image_run.run(wanted, found, listener, argv=sys.argv[1:], forks=connection.forks, part=part)
    if isinstance(listener, Kept):
        gate.document(listener.document(ran))
    elif wrong := [(row.host, row.error) for row in ran if row.error is not None]:
        gate.remark(failures_text(wrong, terminal_width("stderr")))
    raise typer.Exit(worst(row.exit_code for row in ran))
