"""Every script that goes to a host leaves from here, and every answer is read here."""

from __future__ import annotations
