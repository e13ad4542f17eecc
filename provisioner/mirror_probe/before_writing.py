"""What is said of mirrors before they are written to a host that was just asked how they answer there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provisioner.errors import BlockedError
from provisioner.mirror_probe.judge import Judged


def refuse_hopeless(host: str, judged: Sequence[Judged], *, login: str = "") -> None:
    """Refuse to write mirrors that this host cannot get anything from; `login` is how it is named on a command.

    Unknown, restricted or failing ones are no reason: the engine may know a login, a certificate or a proxy, and a
    server that is out of order comes back. `doubts_of` tells of them.

    Raises:
        BlockedError: at least one is hopeless.
    """
    hopeless = [mirror for mirror in judged if mirror.hopeless]
    if not hopeless:
        return
    said = "; nor through ".join(f"{mirror.url}: {mirror.evidence}" for mirror in hopeless)
    urls = " ".join(mirror.url for mirror in hopeless)
    raise BlockedError(
        f"no image can come to {host} through {said}. Nothing was changed.",
        hint=f"add --force to write it all the same; provisioner mirror probe {urls} {login or host} asks again",
    )


def doubts_of(judged: Iterable[Judged]) -> tuple[str, ...]:
    """Return a warning for each mirror that has something against it; that a host's tools cannot see it is nothing."""
    return tuple(
        f"{mirror.url} is {mirror.verdict}, seen from this host: {mirror.evidence}"
        for mirror in judged
        if mirror.verdict not in {"alive", "unknown"}
    )
