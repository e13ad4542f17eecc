"""Look at all hosts, show the plan, ask, change, report: what `apply` and `mirror` share."""

from __future__ import annotations

import json
import sys

import typer

from provisioner.cli.options import Output, Rollout
from provisioner.errors import UsageError
from provisioner.fleet import each, worst
from provisioner.outcome import Outcome
from provisioner.pipeline import Target, change, look
from provisioner.planning.model import Step
from provisioner.report import envelope, outcome_text, plan_text


def say(text: str) -> None:
    """Progress and questions: stderr, so that stdout carries the result alone."""
    typer.echo(text, err=True)


def look_at(targets: list[Target], forks: int) -> list[Outcome]:
    if len(targets) > 1:
        say(f"looking at {len(targets)} hosts ...")
    return each(targets, look, forks=forks)


def roll_out(command: str, targets: list[Target], rollout: Rollout, output: Output, *, forks: int) -> None:
    """Raises typer.Exit with the worst host's exit code.

    Raises:
        UsageError: there is something to change, no --yes, and nobody at a terminal to ask.
    """
    if not rollout.yes and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; nothing was touched", hint="add --yes, or look with plan")
    looked = look_at(targets, forks)
    pending = [outcome for outcome in looked if outcome.plan and not outcome.plan.empty]
    for outcome in pending:
        if outcome.plan:
            say(plan_text(outcome.plan, script=output.verbose))
    if pending and not rollout.yes and not typer.confirm(f"change {len(pending)} of {len(looked)} hosts?", err=True):
        raise typer.Exit(0)
    pairs = list(zip(targets, looked, strict=True))

    def work(pair: tuple[Target, Outcome]) -> Outcome:
        target, outcome = pair

        def on_step(step: Step, what: str) -> None:
            if what == "start":
                say(f"{target.name}: {step.title} ...")
            elif what not in {"ok", "fail"}:
                say(f"{target.name}: {what}")

        try:
            return change(target, outcome, allow_restart=rollout.allow_restart, on_step=on_step, proof=rollout.proof)
        finally:
            target.transport.close()

    finish(command, each(pairs, work, forks=forks), output)


def finish(command: str, outcomes: list[Outcome], output: Output, *, exit_code: int | None = None) -> None:
    """Print the result and end with `exit_code`, else with the worst host's."""
    if output.as_json:
        typer.echo(json.dumps(envelope(command, outcomes), indent=2, ensure_ascii=False))
    else:
        for outcome in outcomes:
            typer.echo(outcome_text(outcome))
    raise typer.Exit(worst(outcome.exit_code for outcome in outcomes) if exit_code is None else exit_code)
