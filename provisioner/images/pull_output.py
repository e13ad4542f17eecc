"""What `docker pull` says, line by line (docker 20.10 to 28.5, heard from real engines on 2026-11-27)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from provisioner.errors import UsageError
from provisioner.images.name import image_name

Arrival = Literal["downloaded", "up to date", ""]
"""What a pull has come to, in the words of its status line; "" where docker has said neither."""

_LAYER = re.compile(r"([0-9a-f]{12}): (\S.*)")
_HERE = ("Pull complete", "Already exists")
_DIGEST = re.compile(r"Digest: (sha256:[0-9a-f]{64})")
_STATUS: dict[str, Arrival] = {
    "Status: Downloaded newer image": "downloaded",
    "Status: Image is up to date": "up to date",
}


@dataclass
class PullOutput:
    """The state of one pull as its lines tell it.

    `layers` are those that were named, by short id, each with its latest state. `closing` is what docker says at the
    end: digest, status, and the name in full.
    """

    layers: dict[str, str] = field(default_factory=dict)
    closing: list[str] = field(default_factory=list)

    def hear(self, line: str) -> tuple[str, bool]:
        """Take a line; return what there is to tell of it, and whether that is something done for good.

        "" where it tells nothing new.
        """
        line = line.rstrip("\r")
        if match := _LAYER.fullmatch(line):
            layer, state = match.groups()
            if self.layers.get(layer) == state:
                return "", False
            self.layers[layer] = state
            return (line, True) if state in _HERE else (f"{self.counted} {line}".strip(), False)
        if self.closing or _DIGEST.fullmatch(line) or line.startswith("Status: "):
            self.closing += [line] if line else []
            return "", False
        return line, bool(line)

    @property
    def counted(self) -> str:
        """How many of the layers that were named so far are here."""
        here = sum(state in _HERE for state in self.layers.values())
        return f"{here} of {len(self.layers)} layers;" if self.layers else ""

    @property
    def came(self) -> int:
        """How many layers were not here before."""
        return sum(state == "Pull complete" for state in self.layers.values())

    @property
    def digest(self) -> str:
        """What the name stood for in the registry: the digest of an index where it is one; "" where none was said."""
        return next((match[1] for line in self.closing if (match := _DIGEST.fullmatch(line))), "")

    @property
    def arrival(self) -> Arrival:
        said = (arrival for line in self.closing for words, arrival in _STATUS.items() if line.startswith(words))
        return next(said, "")


def digests_of(name: str, repo_digests: tuple[str, ...]) -> tuple[str, ...]:
    """The digests that an image has in the repository of `name`; those of other repositories are other manifests."""
    here = image_name(name)
    found = []
    for text in repo_digests:
        try:
            other = image_name(text)
        except UsageError:
            continue
        if (other.registry, other.repository) == (here.registry, here.repository) and other.digest:
            found.append(other.digest)
    return tuple(found)
