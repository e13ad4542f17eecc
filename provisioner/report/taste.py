"""How much people want to see, and whether in colour."""

from __future__ import annotations

from typing import Protocol


class Taste(Protocol):
    """`quiet`: the result alone. `verbose`: scripts and passed checks as well. `no_color`: not on a terminal either."""

    @property
    def quiet(self) -> bool: ...
    @property
    def verbose(self) -> bool: ...
    @property
    def no_color(self) -> bool: ...
