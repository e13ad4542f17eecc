"""A question that only "y" or "yes" answers with yes."""

from __future__ import annotations

import sys

import typer


def confirmed(question: str) -> bool:
    """Ask on stderr, so that stdout carries the result alone; the end of the input is a no.

    Raises:
        KeyboardInterrupt: Ctrl-C instead of an answer.
    """
    typer.echo(question, err=True)
    typer.echo("Go on? [y/N] ", err=True, nl=False)
    try:
        agreed = sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        typer.echo(err=True)
        raise
    if not agreed:
        typer.echo("nothing was changed", err=True)
    return agreed
