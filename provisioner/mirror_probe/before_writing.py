"""What is said of mirrors before they are written to a host that was just asked how they answer there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provisioner.errors import TARGET, BlockedError
from provisioner.mirror_probe.judge import Judged


def refuse_hopeless(host: str, judged: Sequence[Judged]) -> None:
    """Refuse to write mirrors that this host cannot get anything from.

    Unknown, restricted or failing ones are no reason: the engine may know a login, a certificate or a proxy, and a
    server that is out of order comes back. `probe_warnings` tells of them.

    Raises:
        BlockedError: at least one is hopeless.
    """
    if evidence := hopeless(judged):
        raise BlockedError(
            f"no image can come to {host} through {evidence}. Nothing was changed.", hint=way_out_of(judged)
        )


def hopeless(judged: Iterable[Judged]) -> str:
    """Return the mirrors that this host cannot get anything from, with the evidence; "" when there are none."""
    return "; nor through ".join(f"{mirror.url}: {mirror.evidence}" for mirror in judged if mirror.hopeless)


def way_out_of(judged: Iterable[Judged]) -> str:
    """Return what to do about hopeless mirrors."""
    urls = " ".join(mirror.url for mirror in judged if mirror.hopeless)
    return f"provisioner mirror probe {urls} {TARGET} asks again; add --force to write it all the same"


def probe_warnings(judged: Iterable[Judged]) -> tuple[str, ...]:
    """Return a warning for each mirror whose verdict is another one than alive and unknown."""
    return tuple(
        f"{mirror.url} is {mirror.verdict}, seen from this host: {mirror.evidence}"
        for mirror in judged
        if mirror.verdict not in {"alive", "unknown"}
    )
