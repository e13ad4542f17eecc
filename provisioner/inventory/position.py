"""Where something stands in a document."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """Where a value stands: file, line and column from 1 (line 0: the file was converted), path in the document."""

    file: str
    line: int
    column: int
    path: tuple[str, ...]

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}, column {self.column}" if self.line else self.file
        return f"{where}, at {dotted(self.path)}" if self.path else where


def dotted(path: tuple[str, ...]) -> str:
    """Return the path as people write it; parts with dots in them (host names) stand in brackets."""
    return "".join(
        f"[{part}]" if index and not part.replace("_", "").replace("-", "").isalnum() else ("." if index else "") + part
        for index, part in enumerate(path)
    )
