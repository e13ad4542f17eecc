"""mirror set --fastest"""

from __future__ import annotations

from dataclasses import replace

import typer

from provisioner.cli import hosts
from provisioner.cli.mirror_probe import asked, shown
from provisioner.cli.mirror_views import views
from provisioner.cli.options import Connection
from provisioner.errors import VerifyError
from provisioner.mirror_probe import HUB
from provisioner.mirror_probe.judge import fastest
from provisioner.runs.target import Target


def pick(
    count: int, urls: list[str], names: list[str], connection: Connection, *, reference: str = HUB
) -> list[Target]:
    """Ask the mirrors from the hosts; return these with the `count` fastest that are alive on all of them as wanted.

    The tables go to stderr. Hosts that cannot be asked have no say; the change will tell of them.

    Raises:
        UsageError: a name or URL is not valid; nothing was contacted.
        VerifyError: no mirror is alive on every host.
    """
    found = hosts.targets(names, connection, {"registry_mirrors": urls or None, "install": False}, only_said=True)
    seen = views(found, asked(found, urls), forks=connection.forks, reference=reference, keep_open=True)
    for view in seen:
        typer.echo(shown(view), err=True)
    picked = fastest({view.host: view.mirrors for view in seen if not view.error}, count)
    if not picked:
        raise VerifyError(
            "no mirror is alive on every host; nothing was changed", hint="name others: mirror set URL..."
        )
    if len(picked) < count:
        typer.echo(f"only {len(picked)} of {count} are alive on every host", err=True)
    state = hosts.spec(registry_mirrors=picked, install=False)
    return [replace(target, spec=state) for target in found]
