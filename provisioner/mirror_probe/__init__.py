"""Registry mirrors: which there are, how they answer, and what that means."""

from __future__ import annotations

HUB = "https://registry-1.docker.io"
