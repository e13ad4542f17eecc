"""The least that a fleet can cost: one bare paramiko exec a host.

python -m tests.benchmarks.floor KEY KNOWN_HOSTS SCRIPT USER@ADDRESS:PORT...
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import paramiko

FORKS = 50
SCRIPT = """
printf '{"registry-mirrors": ["%s"]}' URL >/etc/docker/daemon.json
systemctl reload docker
until [ "$(docker info -f '{{range .RegistryConfig.Mirrors}}{{.}}{{end}}')" = URL/ ]; do sleep 0.1; done
"""
"""Re-points a host to the mirror URL: only writes and checks."""


def run(target: str, key: str, known_hosts: str, script: str) -> None:
    user, _, place = target.partition("@")
    address, _, port = place.partition(":")
    client = paramiko.SSHClient()
    client.load_host_keys(known_hosts)
    client.connect(address, int(port), username=user, key_filename=key, allow_agent=False, look_for_keys=False)
    _, stdout, _ = client.exec_command(script)
    stdout.read()
    assert stdout.channel.recv_exit_status() == 0
    client.close()


if __name__ == "__main__":
    key, known_hosts, script, *targets = sys.argv[1:]
    with ThreadPoolExecutor(FORKS) as pool:
        list(pool.map(lambda target: run(target, key, known_hosts, script), targets))
