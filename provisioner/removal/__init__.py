"""Taking an engine away: a plan of its own, and what would be lost by it."""

from __future__ import annotations
