"""What is known and what was done -> what people read, and the JSON documents that programs read."""

from __future__ import annotations
