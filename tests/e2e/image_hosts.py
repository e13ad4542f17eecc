"""Hosts with engines of every kind, for commands about images: three versions, and both stores of the newest."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

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


@contextmanager
def filled(bed, script, kinds=tuple(KINDS), **daemon):
    """{kind: host}, each with the mirror of the bed and these keys of daemon.json, after this shell script."""
    bed.mirrors  # noqa: B018 # one thread starts them
    with ExitStack() as stack, ThreadPoolExecutor(len(kinds)) as pool:
        hosts = dict(zip(kinds, pool.map(lambda kind: bed.start(KINDS[kind], name=_name(kind)), kinds), strict=True))
        for host in hosts.values():
            stack.callback(host.stop)
        list(pool.map(lambda kind: _configure(bed, kind, hosts[kind], daemon), kinds))
        on_all(hosts, script)
        yield hosts


def on_all(hosts, script, **options):
    """{kind: what a shell script printed there}, all at once."""
    with ThreadPoolExecutor(len(hosts)) as pool:
        done = pool.map(lambda host: host.sh(script, **options).stdout, hosts.values())
        return dict(zip(hosts, done, strict=True))


def _name(kind):
    return f"engine-{kind.replace('.', '-')}"


def _configure(bed, kind, host, daemon):
    config = {"registry-mirrors": [bed.mirrors[0].url], **daemon}
    if kind.endswith("containerd"):
        host.sh(CONTAINERD)
        config["features"] = {"containerd-snapshotter": True}
    host.write("/etc/docker/daemon.json", json.dumps(config))
    host.sh("systemctl reset-failed docker.service docker.socket; systemctl restart docker.service")
