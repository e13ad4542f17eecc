"""The one way out: results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def result(text: str, *, end: str = "\n") -> None:
    """Print what the command was asked for."""
    sys.stdout.write(text + end)


def document(content: Mapping[str, Any]) -> None:
    """Print the result as one JSON document."""
    result(json.dumps(content, indent=2, default=list))


def content(text: str, *, end: str = "\n") -> None:
    """Print a result that is to be used as it is: a script, a configuration file."""
    result(text, end=end)


def remark(text: str, *, end: str = "\n") -> None:
    """Print what is not the result: progress, warnings, questions, errors."""
    sys.stderr.write(text + end)
    sys.stderr.flush()
