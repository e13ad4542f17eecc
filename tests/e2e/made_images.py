"""Images that are made on a host without any network, and what its engine itself says of them to the byte."""

from __future__ import annotations

import json
from contextlib import contextmanager

MAKE = """
mkdir -p /root/made && cd /root/made
# layer NAME BYTES [CHANGE...]: an image of one layer.
layer() {
  name=$1 bytes=$2; shift 2
  rm -rf content && mkdir content && head -c "$bytes" /dev/urandom >content/base && tar -C content -cf content.tar .
  docker import "$@" content.tar "$name" >/dev/null
}
# on BELOW NAME BYTES [CHANGE...]: an image with a layer more than BELOW.
on() {
  below=$1 name=$2 bytes=$3; shift 3
  container=$(docker create "$below" /none)
  head -c "$bytes" /dev/urandom >"more-$bytes" && docker cp "more-$bytes" "$container:/" >/dev/null 2>&1
  docker commit "$@" "$container" "$name" >/dev/null && docker rm "$container" >/dev/null
}
"""


def make(host, script):
    """Run a script of `layer` and `on`, and docker's own commands."""
    host.sh(MAKE + script)


@contextmanager
def scene(host, script):
    """The host with the images that `make` makes there, and none afterwards."""
    empty(host)
    make(host, script)
    yield host
    empty(host)


def empty(host):
    """Remove every container and every image."""
    host.sh("docker ps -aq | xargs -r docker rm -f && docker image prune -af")


def api(host, words):
    """What the engine answers to a request of HTTP: "GET /system/df"; every client since 18.09 can pass it on."""
    ask = f"(printf '{words} HTTP/1.0\\r\\nHost: d\\r\\nContent-Length: 0\\r\\n\\r\\n'; sleep 1)"
    return json.loads(host.sh(f"{ask} | docker system dial-stdio").stdout.partition("\n\n")[2])


def layers_size(host):
    """Bytes of all layers."""
    return api(host, "GET /system/df")["LayersSize"]


def names(host):
    """The names of all images that have one."""
    return set(host.sh("docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -v none; true").stdout.split())
