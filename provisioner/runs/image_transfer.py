"""Bytes of images on their way, told to whoever waits for them once that takes longer than a moment."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from provisioner.runs.audience import Audience

PATIENCE = 1.0
"""Seconds before anything is told, and between two words of it."""

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "B"))


class Transfer:
    """What travels to or from one host: `what` it is that happens, and how many bytes there are.

    Where nobody knows how many, 0, it is no step of its own, and shown on terminals alone.
    """

    def __init__(self, audience: Audience, host: str, what: str, total: int = 0) -> None:
        self._audience, self._host, self._what, self._total = audience, host, what, total
        self._done = 0
        self._begun = self._told = time.monotonic()
        self._mentioned = False

    def add(self, number: int) -> None:
        """So many bytes more have arrived."""
        self._done += number
        now = time.monotonic()
        if now - self._told < PATIENCE:
            return
        self._told = now
        if self._total and not self._mentioned:
            self._mentioned = True
            self._audience.step(self._host, f"{self._what} {size(self._total)}")
        of = f" of {size(self._total)}" if self._total else ""
        speed = size(int(self._done / (now - self._begun)))
        self._audience.detail(self._host, f"{self._what}: {size(self._done)}{of}, {speed}/s", done=False)

    def counted(self, content: Iterable[bytes]) -> Iterator[bytes]:
        """Pass `content` on, and count it as it goes."""
        for piece in content:
            yield piece
            self.add(len(piece))


def size(number: int) -> str:
    """Return bytes in a few digits, by thousands as docker counts them."""
    unit, name = next((row for row in _UNITS if number >= row[0]), _UNITS[-1])
    return f"{number / unit:.3g}{name}"
