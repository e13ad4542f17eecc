"""Lines that a client prints by a template, each told whose it is: an engine lists in no order that it keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.errors import FactsError

_ID = r"(?:sha256:)?[0-9a-f]{12,64}"
_WHOSE = '{{.ID}}{{if eq .Repository "<none>"}}-{{else}}+{{end}}'
_HEAD = "IMAGE ID+"
_PADDING = 3
"""Blanks between two columns of a client's tables; a mark is wider than the least width of a column."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A template of `docker image ls`, before whose every line a mark, an id and a sign stand."""

    template: str

    @property
    def around(self) -> tuple[str, str]:
        """What stands before the mark and after it, in a template with it."""
        if self._in_table:
            return "table ", f"{_WHOSE}\\t{self.template.removeprefix('table').strip()}"
        return "", f"{_WHOSE} {self.template}"

    def apart(self, text: str, mark: str, ids: Iterable[str]) -> tuple[str, list[tuple[str, bool, str]]]:
        """Return the head of the table, if it is one, and of each line: its id in full, is it nameless, and its text.

        Raises:
            FactsError: what was printed does not come from such a template.
        """
        before, *pieces = text.split(mark)
        short = {id_.partition(":")[2][:12]: id_ for id_ in ids}
        head, gap = "", 1
        if self._in_table:
            head, *pieces = pieces or [""]
            gap = _PADDING
        matches = [re.match(rf"({_ID})([+-])", piece) for piece in pieces]
        if before or not all(matches) or (self._in_table and not head.startswith(_HEAD)):
            raise FactsError(f"docker image ls printed what does not come from its template: {text[:100]!r}")
        column = len(_HEAD)
        found = []
        for piece, match in zip(pieces, filter(None, matches), strict=True):
            column = match.end()
            found.append((short.get(match[1], match[1]), match[2] == "-", piece[column + gap :]))
        return head[column + gap :], found

    @property
    def _in_table(self) -> bool:
        return self.template.startswith("table")
