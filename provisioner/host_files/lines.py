"""Lines as hosts have them: a newline ends one, and nothing else does.

`splitlines` also ends them at a form feed, U+0085, U+2028 and others, which stand in labels, comments and values.
"""

from __future__ import annotations

import re


def lines(text: str) -> list[str]:
    r"""Return the lines of `text` without their ends.

    >>> lines("a\n\nb\n")
    ['a', '', 'b']
    """
    return text.removesuffix("\n").split("\n") if text else []


def lines_with_ends(text: str) -> list[str]:
    """Return the lines of `text`, each with its end; the last one may have none."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
