"""What is known of a host: one script, one answer, one frozen value."""

from __future__ import annotations
