"""Ask many hosts what can be installed on them: what `source probe` and `versions` share."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import typer

from provisioner.cli.options import Output
from provisioner.report.envelope import document, status
from provisioner.report.failure import failure_document, failure_text
from provisioner.runs.available import Offers
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each, worst
from provisioner.runs.target import Target


def show(
    command: str,
    targets: Sequence[Target],
    work: Callable[[Target], Offers],
    output: Output,
    *,
    row: Callable[[Offers], dict[str, Any]],
    text: Callable[[Offers], str],
    forks: int,
) -> NoReturn:
    """Print what every host answers, as `row` in JSON or as `text`; raises typer.Exit with the worst exit code."""
    answers = each(targets, work, forks=forks, instead=_instead)
    if output.as_json:
        rows = [{"name": answer.host, **row(answer), "error": failure_document(answer.error)} for answer in answers]
        overall = status([answer.error is None for answer in answers])
        typer.echo(json.dumps(document(command, status=overall, hosts=rows), indent=2, ensure_ascii=False))
    else:
        for answer in answers:
            failed = answer.error is not None
            typer.echo(failure_text(answer.host, answer.error) if answer.error else text(answer), err=failed)
    raise typer.Exit(worst(answer.exit_code for answer in answers))


def _instead(target: Target, error: Exception) -> Offers:
    return Offers(target.name, error=as_error(error, target.name))
