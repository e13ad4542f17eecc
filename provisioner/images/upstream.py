"""Where a registry is asked what a name means now."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.images.name import HUB, ImageName


def manifest_urls(name: ImageName, mirrors: Sequence[str]) -> tuple[str, ...]:
    """The manifest of `name` at each registry mirror of the engine, which are those of Docker Hub alone.

    Another registry is asked by the engine itself: it knows its certificates, its logins and whether it is insecure.
    """
    if name.registry != HUB:
        return ()
    return tuple(f"{mirror.rstrip('/')}/v2/{name.repository}/manifests/{name.tag or 'latest'}" for mirror in mirrors)


def login_key(name: ImageName) -> str:
    """By what `docker login` calls the registry of `name` in config.json."""
    return "index.docker.io" if name.registry == HUB else name.registry
