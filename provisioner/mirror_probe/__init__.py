"""How registry mirrors answer, and what that means."""

from __future__ import annotations

DOCKER_HUB_URL = "https://registry-1.docker.io"
"""Where the registry that is called docker.io answers."""
