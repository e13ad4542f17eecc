"""Registry mirrors: which there are, how they answer, and what that means."""

from __future__ import annotations

DOCKER_HUB_URL = "https://registry-1.docker.io"
