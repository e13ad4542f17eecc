"""`mirror add` and `mirror remove`: the list that a host is to have, made of the one it has."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.facts.configured_mirrors import configured
from provisioner.facts.host import Host
from provisioner.wanted.spec import MirrorChange, Spec


def resolved(host: Host, spec: Spec) -> Spec:
    """Return `spec` with the list of mirrors written out that its change makes of the host's; the same without one.

    On a host that has been changed it gives what the host has, so it may be asked again afterwards.
    """
    change = spec.mirror_change
    if change is None:
        return spec
    wanted = list_after(change, configured(host).urls)
    return spec.model_copy(update={"registry_mirrors": wanted, "mirror_change": None})


def list_after(change: MirrorChange, has: Sequence[str]) -> tuple[str, ...]:
    """Return the list that `change` makes of the one that is there."""
    left = tuple(url for url in has if url not in change.remove)
    new = tuple(url for url in change.add if url not in left)
    return (*new, *left) if change.first else (*left, *new)


def nothing_to_change(spec: Spec) -> str:
    """Return why its change does nothing on a host that is as wanted already; "" for other specs."""
    change = spec.mirror_change
    if change is None:
        return ""
    said = [f"{url} is there already" for url in change.add] + [f"{url} is not there" for url in change.remove]
    return "; ".join(said)
