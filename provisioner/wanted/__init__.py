"""What is wanted of a host, and what each value of it may be."""

from __future__ import annotations
