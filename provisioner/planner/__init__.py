"""facts + reach + spec -> Plan, without touching anything."""

from __future__ import annotations
