"""Images across hosts: names, lists, what may go, what differs."""

from __future__ import annotations
