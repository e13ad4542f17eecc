"""provisioner plan"""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped


@grouped
def plan(
    target: o.Targets = None,
    *,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="9 when there is something to do")] = False,
    wanted: o.WantedState,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Show what apply would do; touch nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.rollout import finish, look_at
    from provisioner.fleet import worst
    from provisioner.report import outcome_text, plan_text

    outcomes = look_at(hosts.targets(target, connection, wanted.said()), connection.forks)
    different = exit_code and any(outcome.status == "planned" for outcome in outcomes)
    code = worst(outcome.exit_code for outcome in outcomes) or (9 if different else 0)
    if output.as_json:
        finish("plan", outcomes, output, exit_code=code)
    for outcome in outcomes:
        typer.echo(plan_text(outcome.plan, script=output.verbose) if outcome.plan else outcome_text(outcome))
    raise typer.Exit(code)
