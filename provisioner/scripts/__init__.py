"""Templates -> shell scripts, every value quoted by construction."""

from __future__ import annotations
