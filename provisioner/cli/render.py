"""provisioner render ..."""

from __future__ import annotations

import typer

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped

render = typer.Typer(no_args_is_help=True, help="What this program would write, for other programs.")


@render.command("schema")
def schema() -> None:
    """Print the JSON Schema of an inventory, for editors."""
    from provisioner.inventory import inventory_schema
    from provisioner.report import gate
    from provisioner.report.json_text import exact_json_text

    gate.exact(exact_json_text(inventory_schema()))


@render.command("script")
@grouped
def script(
    target: o.Targets = None,
    *,
    wanted: o.WantedState,
    connection: o.Connection,
) -> None:
    """Print the script that apply would run on one host; touch nothing."""
    from provisioner.cli import hosts
    from provisioner.errors import UsageError
    from provisioner.report import gate
    from provisioner.runs import one_host
    from provisioner.scripts.render import apply_script

    found = hosts.with_wanted(target, connection, wanted)
    if len(found) != 1:
        raise UsageError(
            f"a script is for one host, and these are {len(found)}", hint="name one, or narrow the inventory with -l"
        )
    outcome = one_host.plan(found[0])
    found[0].transport.close()
    found[0].address(outcome.error)
    if outcome.error is not None:
        raise outcome.error
    if outcome.plan is None or outcome.plan.empty:
        gate.remark(f"{outcome.host}: nothing to do")
        return
    gate.exact(apply_script(outcome.plan))


@render.command("daemon.json")
@grouped
def daemon_json(*, wanted: o.WantedState) -> None:
    """Print the daemon.json of a host that has none yet."""
    from provisioner.host_files.daemon_json import merge
    from provisioner.report import gate
    from provisioner.runs.wanted_state import spec

    gate.exact(merge(None, spec(**wanted.said()).daemon_configuration), end="")
