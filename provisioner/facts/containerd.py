"""The containerd of a host: what its configuration says of registries, and its version's defaults."""

from __future__ import annotations

from provisioner.catalogue.daemon_keys import release
from provisioner.facts.model import Facts
from provisioner.host_files.containerd_config import ContainerdConfig, containerd_config
from provisioner.host_files.mirror_files import CONTAINERD_CERTS

_PACKAGES = ("containerd.io", "containerd")


def containerd_of(facts: Facts) -> ContainerdConfig:
    """Return the configuration of the host's containerd.

    Since 2.2 an absent config_path means /etc/containerd/certs.d (its default configuration in containerd#12636).
    """
    packaged = next((facts.packages[name] for name in _PACKAGES if name in facts.packages), "")
    default: tuple[str, ...] | None = None
    if packaged:
        default = (CONTAINERD_CERTS, "/etc/docker/certs.d") if release(packaged) >= (2, 2, 0) else ()
    return containerd_config(facts.other_engines.files, default_certs=default)
