"""Checks of a host: after a change, compared with its wanted state, proven by a pull."""

from __future__ import annotations
