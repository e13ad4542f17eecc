"""The only place that touches hosts: processes here, SSH there, one contract."""

from __future__ import annotations
