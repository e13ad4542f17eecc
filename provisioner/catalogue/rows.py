"""The files in provisioner/data: rows that are dated and name their source."""

from __future__ import annotations

import functools
import sys
from importlib.resources import files
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@functools.cache
def data(name: str) -> dict[str, Any]:
    """Return data/<name>.toml."""
    return tomllib.loads((files("provisioner") / "data" / f"{name}.toml").read_text(encoding="utf-8"))


def toml(text: str) -> dict[str, Any]:
    """Return a TOML document; a ValueError says where it is broken."""
    return tomllib.loads(text)
