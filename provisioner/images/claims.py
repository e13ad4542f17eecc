"""Images that somebody else looks after: what compose, swarm, Kubernetes and Portainer put on them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_OWNERS = (
    ("com.docker.compose.", "compose"),
    ("com.docker.swarm.", "swarm"),
    ("com.docker.stack.", "swarm"),
    ("io.kubernetes.", "Kubernetes"),
    ("k8s.io/", "Kubernetes"),
    ("io.k8s.", "Kubernetes"),
    ("annotation.io.kubernetes.", "Kubernetes"),
    ("io.portainer.", "Portainer"),
)
"""Beginnings of labels. Compose v2 labels the images that it builds with their project; Portainer its own."""

_PAUSE = re.compile(r"(?:[^@]*/)?(?:mirrored-)?pause(?:-(?:amd64|arm64|arm|ppc64le|s390x))?[:@].*")
"""The image that holds a pod together: kubelet needs it and no label says so."""


def claim(labels: Mapping[str, str], names: Sequence[str]) -> tuple[str, str]:
    """Return who claims an image, and by which label or name; two empty words for nobody."""
    for label, value in sorted(labels.items()):
        owner = next((owner for prefix, owner in _OWNERS if label.startswith(prefix)), "")
        if owner:
            return owner, f"{label}={value}" if value else label
    pause = next((name for name in names if _PAUSE.fullmatch(name)), "")
    return ("Kubernetes", pause) if pause else ("", "")
