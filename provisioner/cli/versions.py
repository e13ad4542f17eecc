"""provisioner versions"""

from __future__ import annotations

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped


@grouped
def versions(
    target: o.Targets = None,
    *,
    wanted: o.WantedState,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """List the engines that can be installed, newest first; the installed one is marked."""
    import json

    from provisioner.cli import hosts
    from provisioner.cli.asking import ask
    from provisioner.fleet import worst
    from provisioner.offers import versions_of

    found = hosts.targets(target, connection, wanted.said())
    answers = ask(found, versions_of, connection.forks)
    code = worst(answer.exit_code for answer in answers)
    if output.as_json:
        document = {"schema": 1, "command": "versions", "hosts": [answer.versions_document() for answer in answers]}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        raise typer.Exit(code)
    for answer in answers:
        if answer.error:
            typer.echo(f"{answer.host}: {answer.error.message}\n  -> {answer.error.hint}", err=True)
            continue
        typer.echo(f"{answer.host}: {answer.package} from {answer.origin}")
        for version in answer.versions:
            typer.echo(f"{'*' if version == answer.installed else ' '} {version}")
        if answer.installed and answer.installed not in answer.versions:
            typer.echo(f"* {answer.installed}  (installed, no longer offered)")
    raise typer.Exit(code)
