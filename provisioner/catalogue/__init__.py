"""Rows that are dated and name their source, and their readers: platforms, package sources, mirrors, daemon keys."""

from __future__ import annotations
