"""A host with an engine and data that a removal takes away."""

from __future__ import annotations

from dataclasses import replace

from provisioner.facts.losses import Losses
from provisioner.host_files.host_file import HostFile
from tests.hosts import RUNNING
from tests.keys import KEY

SOURCE = HostFile(
    "/etc/apt/sources.list.d/docker.sources",
    "Types: deb\nURIs: https://download.docker.com/linux/ubuntu\nSuites: noble\nComponents: stable\n"
    "Signed-By: /etc/apt/keyrings/docker.asc\n",
)
INSTALLED = replace(
    RUNNING,
    packages={**RUNNING.packages, "docker-ce-cli": "5:26.1.5", "containerd.io": "1.7", "ca-certificates": "1"},
    held=frozenset({"docker-ce"}),
    source_files=(SOURCE, HostFile("/etc/apt/keyrings/docker.asc", KEY)),
    docker_group=("ops",),
)
FULL = Losses(
    "/var/lib/docker",
    target="/var/lib/docker",
    entries=("containers", "image", "lost+found", "overlay2", "volumes", "stray"),
    size=3 * 2**30,
    containers=("web (running)", "old (stopped)"),
    images=5,
    volumes=("data",),
    containerd_target="/var/lib/containerd",
    containerd_program="/usr/bin/containerd",
    configuration_target="/etc/docker",
    configuration=("daemon.json", "certs.d/hub/ca.crt"),
)
