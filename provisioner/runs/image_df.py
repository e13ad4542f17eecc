"""What the engines of many hosts keep on their disks: what `provisioner image df` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.errors import ApplyError, ProvisionerError
from provisioner.images.usage import Usage, rounded, usage
from provisioner.remote.images import ask_engine
from provisioner.runs.answers import answers
from provisioner.runs.target import Target
from provisioner.transports import limits

PATIENCE = 280
"""Seconds for one question; an engine walks its disks for the answer."""

LONGEST = (8 * limits.MiB, 3 * limits.MiB)
"""Bytes of what an engine says of its disk, and of its manifests, that are taken: some thousand images.

Of more the host's client tells the sums, rounded; content and unpacked size stay unknown.
"""


@dataclass(frozen=True, slots=True)
class Disk:
    """What one host says: `text` in its client's own words, or `usage` in bytes; or why nothing."""

    host: str
    text: str = ""
    said: str = ""
    usage: Usage | None = None
    error: ProvisionerError | None = None

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0


def disks(targets: Sequence[Target], words: Sequence[str] | None, *, forks: int) -> list[Disk]:
    """Ask every host: as its own client prints it with these `words`, else in bytes."""

    def ask(target: Target) -> Disk:
        found = ask_engine(
            target.transport,
            "images/df.sh.j2",
            become_password=target.become_password,
            timeout=2.0 * PATIENCE + 40,
            long=True,
            longest=LONGEST,
            rows=words is None,
            how=words or (),
            patience=PATIENCE,
        )
        said = found.get("said", "").strip()
        if found.get("status", "0") != "0":
            raise ApplyError(f"{target.name}: {said or 'docker system df failed'}")
        if words is not None:
            return Disk(target.name, found.get("shown", ""), said)
        if "shown" in found:
            return Disk(target.name, said=said, usage=rounded(found["shown"]))
        return Disk(target.name, usage=usage(found.get("usage", ""), found.get("manifests", "")))

    return answers(targets, ask, failed, forks=forks)


def failed(name: str, error: ProvisionerError) -> Disk:
    """A host that could not be asked, or whose answer is of no use."""
    return Disk(name, error=error)
