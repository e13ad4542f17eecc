"""mirror set --fastest"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.cli import hosts
from provisioner.cli.options import Connection
from provisioner.mirror_probe import DOCKER_HUB_URL
from provisioner.report import gate
from provisioner.report.mirrors import views_text
from provisioner.report.terminal import terminal_width
from provisioner.runs import mirrors
from provisioner.runs.target import Target


def pick(
    count: int,
    urls: Sequence[str],
    names: list[str],
    connection: Connection,
    *,
    reference: str = DOCKER_HUB_URL,
    writing: Mapping[str, Any] | None = None,
) -> list[Target]:
    """Ask the mirrors from the hosts; return these with the `count` fastest that are alive on all of them as wanted;
    none of a shard that is empty.

    `writing` says where mirrors are written, in the field names of `Spec`. The tables go to stderr.

    Raises:
        UsageError: a name, a URL or a place is not valid; nothing was contacted.
        VerifyError: no mirror is alive on every host.
    """
    wanted = {"registry_mirrors": mirrors.candidates(urls), "install": False, **(writing or {})}
    found = hosts.targets(names, connection, wanted, only_said=True)
    if not found:
        return []
    asked = found[0].spec.registry_mirrors or ()
    seen = mirrors.views(found, asked, forks=connection.forks, reference=reference, keep_open=True)
    gate.remark(views_text(seen, width=terminal_width("stderr")))
    picked = mirrors.pick(seen, count)
    if len(picked) < count:
        gate.remark(f"only {len(picked)} of {count} are alive on every host")
    return [mirrors.with_mirrors(target, picked) for target in found]
