"""Hosts worked on: one from facts to outcome, many at once with brakes, and the history of it all."""

from __future__ import annotations
