"""The syntax trees of Python files."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def tree_of(path: Path) -> ast.Module:
    text = path.read_text(encoding="utf-8")
    try:
        return ast.parse(text)
    except SystemError:
        # Python 3.11 mixes up two threads that parse at once (python/cpython#106905), and paramiko's threads parse when
        # they log a traceback.
        return ast.parse(text)
