"""Whether hosts that pulled the same name have the same.

What is compared is the digest that a pull ends with: that of what the name stands for in the registry, an index where
it is one. It is the same on hosts of any platform and in either image store; ids and the digests of platforms are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """`groups`: (digest, hosts with it), the largest first, of equal ones that of the earliest host.

    `unknown`: hosts that pulled, and did not say what.
    """

    name: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    unknown: tuple[str, ...]

    @property
    def same(self) -> bool:
        """All hosts have one digest, which is known."""
        return len(self.groups) <= 1 and not (self.unknown and (self.groups or len(self.unknown) > 1))

    def against(self, host: str) -> str:
        """Why `host` is not as the largest group is; "" where it is, and for a host that is alone."""
        if self.same:
            return ""
        if host in self.unknown:
            return f"{self.name} was pulled, and its digest is not known: whether it is what others have cannot be told"
        own = next((digest for digest, hosts in self.groups[1:] if host in hosts), "")
        if not own:
            return ""
        digest, hosts = self.groups[0]
        on = hosts[0] if len(hosts) == 1 else f"{len(hosts)} hosts"
        return f"{self.name} is {own} here, and {digest} on {on}"


def agreement(name: str, digests: Mapping[str, str]) -> Agreement:
    """Compare the digests that `name` has, by host; "" is unknown."""
    groups: dict[str, list[str]] = {}
    for host, digest in digests.items():
        if digest:
            groups.setdefault(digest, []).append(host)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return Agreement(
        name,
        tuple((digest, tuple(hosts)) for digest, hosts in ordered),
        tuple(host for host, digest in digests.items() if not digest),
    )
