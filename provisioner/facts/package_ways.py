"""How a host's package manager reaches the places that packages come from: directly, or through proxies."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.host_files.lines import lines


@dataclass(frozen=True, slots=True)
class Way:
    """The way to `uri`, a scheme and a host. `listed`: one of the host's own sources, not one that was asked for.

    `proxy` is the address of a proxy that leads there and does not answer, `where` the file and line that name it, ""
    for the environment, and `why` what became of a connection to it. All three are "" where nothing is known against
    the way.
    """

    uri: str
    listed: bool = True
    proxy: str = ""
    where: str = ""
    why: str = ""


def package_ways(text: str) -> tuple[Way, ...]:
    """Read the frame, which is there where a proxy is set at all."""
    rows = (line.split("\t") for line in lines(text))
    return tuple(Way(uri, kind == "listed", *rest) for kind, uri, *rest in rows if len(rest) == 3)
