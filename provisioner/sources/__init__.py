"""Package sources of docker-ce: which of them a host is to ask, and which packages of them it gets."""

from __future__ import annotations
