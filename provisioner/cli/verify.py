"""provisioner verify"""

from __future__ import annotations

from provisioner.cli import options as o
from provisioner.cli.option_groups import grouped


@grouped
def verify(
    target: o.Targets = None,
    *,
    proof: o.Proof = None,
    wanted: o.WantedState,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Check that hosts are in the wanted state; change nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.rollout import finish, say
    from provisioner.fleet import each
    from provisioner.outcome import Outcome
    from provisioner.pipeline import Target, examine

    def work(target: Target) -> Outcome:
        try:
            return examine(target, on_step=lambda _step, _what: None, proof=proof)
        finally:
            target.transport.close()

    found = hosts.targets(target, connection, wanted.said())
    if len(found) > 1 and not output.quiet:
        say(f"looking at {len(found)} hosts ...")
    finish("verify", each(found, work, forks=connection.forks), output)
