"""Hosts with engines of every kind, for commands about images: three versions, and both stores of the newest."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

KINDS = {
    "20.10": "debian-12-engine",
    "26.1": "debian-13-engine",
    "28.5": "forky-engine",
    "28.5-containerd": "forky-engine",
}
# The containers of a host are an overlay themselves, on which there can be no other.
CONTAINERD = """
systemctl stop docker.socket docker.service containerd.service
mkdir -p /var/lib/docker/containerd-root
mount --bind /var/lib/docker/containerd-root /var/lib/containerd
systemctl start containerd.service
"""


def start(bed, kinds=tuple(KINDS), **daemon):
    """{kind: host}, each with the mirror of the bed and these keys of daemon.json; the caller stops them."""
    bed.mirrors  # noqa: B018 # one thread starts them
    with ThreadPoolExecutor(len(kinds)) as pool:
        return dict(zip(kinds, pool.map(lambda kind: _start(bed, kind, daemon), kinds), strict=True))


def on_all(hosts, script, **options):
    """{kind: what a shell script printed there}, all at once."""
    with ThreadPoolExecutor(len(hosts)) as pool:
        done = pool.map(lambda host: host.sh(script, **options).stdout, hosts.values())
        return dict(zip(hosts, done, strict=True))


def _start(bed, kind, daemon):
    host = bed.start(KINDS[kind], name=f"engine-{kind.replace('.', '-')}")
    config = {"registry-mirrors": [bed.mirrors[0].url], **daemon}
    if kind.endswith("containerd"):
        host.sh(CONTAINERD)
        config["features"] = {"containerd-snapshotter": True}
    host.write("/etc/docker/daemon.json", json.dumps(config))
    host.sh("systemctl reset-failed docker.service docker.socket; systemctl restart docker.service")
    return host
