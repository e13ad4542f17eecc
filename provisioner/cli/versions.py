"""provisioner versions"""

from __future__ import annotations

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
    from provisioner.cli import hosts
    from provisioner.cli.asking import show
    from provisioner.runs.available import Offers, versions_of

    def text(answer: Offers) -> str:
        lines = [f"{answer.host}: {answer.package} from {answer.origin}"]
        lines += [f"{'*' if version == answer.installed else ' '} {version}" for version in answer.versions]
        if answer.installed and answer.installed not in answer.versions:
            lines.append(f"* {answer.installed}  (installed, no longer offered)")
        return "\n".join(lines)

    found = hosts.targets(target, connection, wanted.said())
    show("versions", found, versions_of, output, row=Offers.versions_document, text=text, forks=connection.forks)
