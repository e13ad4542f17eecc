"""Files of hosts as text: read as their programs read them, edited so that every other byte stays."""

from __future__ import annotations
