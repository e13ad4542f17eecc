"""The command line: parse, call, print; no decisions."""

from __future__ import annotations
