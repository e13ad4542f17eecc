"""Docker Engine and registry mirrors on fresh Linux servers."""

from __future__ import annotations

__version__ = "0.1.0"
