"""A dockerd that runs beside the one which docker commands mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OtherDockerd:
    """A dockerd of the system that is not the engine which docker commands mean; "" for a unit that it has not.

    `sockets` are the paths at which it listens; empty also where this account may not know.
    """

    pid: int
    program: str
    unit: str = ""
    sockets: tuple[str, ...] = ()
    command_line: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" at {' '.join(self.sockets)}" if self.sockets else ""
        return f"{self.program} (pid {self.pid}{f', {self.unit}' if self.unit else ''}){where}"


def other_dockerd(body: str) -> OtherDockerd:
    """Read a frame: a line each for number, program, unit and sockets, then the words of the command line."""
    pid, program, unit, sockets, words = [*body.split("\n", 4), "", "", "", "", ""][:5]
    return OtherDockerd(
        int(pid) if pid.isdecimal() else 0,
        program,
        unit,
        tuple(path for path in sockets.split() if path != "?"),
        tuple(filter(None, words.split("\n"))),
    )
