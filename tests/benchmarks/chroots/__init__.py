"""A fleet on this machine: many hosts behind one sshd, for measuring what a controller and its scripts cost.

    with chroots(bed, 100) as fleet:
        fleet.targets -> ["u0001@172.17.0.2:22", ...]        fleet.started() -> a number that grows with every process

Each host is the root of a container below a layer of its own, and its account is root. Shells, tools, packages, SSH
are real; `docker`, `dockerd` and `systemctl` are pretended, so that what is measured is not theirs. Processes of all
hosts can be seen by each, as they share a container.
"""

from __future__ import annotations

import secrets
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import Bed, images
from tests.testbed.engine import LABEL, docker
from tests.testbed.hosts import like_a_machine
from tests.testbed.locks import locked

HERE = Path(__file__).parent
BASE = "debian-13"
WAITS = "while :; do sleep 3600 & wait $!; done"
PLACES = {
    "docker": "/srv/pretended/usr/bin/docker",
    "systemctl": "/srv/pretended/usr/bin/systemctl",
    "dockerd": "/srv/pretended/usr/sbin/dockerd",
    "setup.py": "/root/setup.py",
}
PYTHON = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3"


@dataclass(frozen=True, slots=True)
class Fleet:
    container: str
    address: str
    count: int

    @property
    def users(self) -> list[str]:
        return [f"u{number:04}" for number in range(1, self.count + 1)]

    @property
    def targets(self) -> list[str]:
        return self.at(self.address, 22)

    def at(self, address: str, port: int, count: int | None = None) -> list[str]:
        """The first `count` hosts, or all, by another way to their sshd."""
        return [f"{user}@{address}:{port}" for user in self.users[:count]]

    def started(self) -> int:
        """The number of the last process that the hosts have started, threads counted; asking takes two of its own."""
        return int(docker("exec", self.container, "sh", "-c", "read -r _ _ _ _ last </proc/loadavg; echo $last"))


@contextmanager
def chroots(bed: Bed, count: int) -> Iterator[Fleet]:
    """A fleet of `count` hosts; its key is in the known_hosts of the bed."""
    name = f"{LABEL}-{bed.session.name}-chroots-{secrets.token_hex(2)}"
    docker(
        *("run", "-d", "--name", name, "--hostname", "chroots", "--label", f"{LABEL}={bed.session.name}"),
        *like_a_machine(),
        *("--entrypoint", "sh", _image(), "-c", WAITS),
    )
    try:
        for source, place in PLACES.items():
            _put(name, (HERE / source).read_text(), place, "755")
        _put(name, bed.key_file.with_suffix(".pub").read_text(), "/etc/ssh/authorized_keys", "644")
        docker("exec", name, "python3", "/root/setup.py", str(count))
        address = docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name)
        key = docker("exec", name, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")
        with bed.known_hosts.open("a") as file:
            file.write(f"{address} {key}\n")
        yield Fleet(name, address, count)
    finally:
        subprocess.run(["docker", "rm", "-fv", name], capture_output=True, check=False)


def _image() -> str:
    """The base with a Python, which some tools want on hosts; kept, as images of the test bed are."""
    base = images.image(BASE)
    tag = f"{LABEL}/chroots:{base.rpartition(':')[2]}"
    with locked("image-chroots"):
        if subprocess.run(["docker", "image", "inspect", tag], capture_output=True, check=False).returncode:
            name = f"{LABEL}-build-chroots"
            subprocess.run(["docker", "rm", "-fv", name], capture_output=True, check=False)
            docker("run", "--name", name, "--label", f"{LABEL}=build", "--entrypoint", "sh", base, "-ec", PYTHON)
            docker("commit", name, tag)
            docker("rm", "-fv", name)
    return tag


def _put(container: str, text: str, place: str, mode: str) -> None:
    where = shlex.quote(place)
    script = f'mkdir -p "$(dirname {where})" && cat >{where} && chmod {mode} {where}'
    docker("exec", "-i", container, "sh", "-c", script, stdin=text)
