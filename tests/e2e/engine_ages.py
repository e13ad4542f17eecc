"""Hosts with engines of three ages: 20.10, 26.1 and 28.5."""

from __future__ import annotations

import pytest

OLD, NEW, NEWEST = "debian-12-engine", "debian-13-engine", "forky-engine"
ALL = (OLD, pytest.param(NEW, marks=pytest.mark.matrix), NEWEST)
"""For tests of which each is the same on all: what the first and the last show, make matrix tries on the one between."""
