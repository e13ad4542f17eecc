"""The account that logged in, and how it becomes root: the frame `login` of templates/envelope.sh.j2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from provisioner.errors import FactsError
from provisioner.host_files.lines import lines

Sudo = Literal["root", "nopasswd", "password", "refused", "none", "unneeded"]
"""`unneeded`: what was asked can be had without root."""
Method = Literal["sudo", "doas", "su"]


@dataclass(frozen=True, slots=True)
class Login:
    """The account that logged in, and how it becomes root: what `method` does, and what it says when it refuses.

    `terminal`: it takes a terminal there, which the scripts make themselves.
    """

    name: str
    uid: int
    groups: tuple[str, ...]
    sudo: Sudo
    sudo_message: str = ""
    method: Method = "sudo"
    terminal: bool = False

    @property
    def is_root(self) -> bool:
        return self.uid == 0

    @property
    def becomes_root(self) -> bool:
        """It is root, or was able to become it."""
        return self.sudo in {"root", "nopasswd"} or (self.sudo == "password" and not self.sudo_message)


def login(body: str) -> Login:
    """Return what the frame says.

    Raises:
        FactsError: it is not in its form.
    """
    identity, way, message = [*body.split("\n", 2), "", ""][:3]
    match = re.match(r"uid=(\d+)\(([^)]*)\)", identity)
    if not match:
        raise FactsError(f"the answer's frame 'login' holds {identity!r}, which is not what `id` prints")
    sudo, method, terminal = way_of(way)
    if sudo not in get_args(Sudo) or method not in get_args(Method):
        raise FactsError(f"the answer's frame 'login' holds {way.strip()!r}")
    groups = identity.partition("groups=")[2].partition(" ")[0]
    return Login(
        name=match.group(2),
        uid=int(match.group(1)),
        groups=tuple(re.findall(r"\(([^)]*)\)", groups)),
        sudo=cast("Sudo", sudo),
        sudo_message=refusal(message),
        method=cast("Method", method),
        terminal=terminal,
    )


def way_of(line: str) -> tuple[str, str, bool]:
    """Return (kind, method, whether it takes a terminal) of the line that tells them: `KIND [METHOD [terminal]]`."""
    kind, method, terminal = [*line.split(), "", "", ""][:3]
    return kind, method or "sudo", terminal == "terminal"


def refusal(text: str) -> str:
    """Return in one line why somebody may not become root; what was shown before, such as sudo's lecture, is left out.

    Of a text in which nobody names himself the end is kept.
    """
    said = [line.strip() for line in lines(text) if line.strip()]
    own = next((index for index, line in enumerate(said) if re.match(r"(sudo|doas|su): |[Ss]orry", line)), None)
    return "; ".join(said[-2:] if own is None else said[own:])
