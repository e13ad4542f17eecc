"""`image ls` over hosts against the least that it can cost: one bare paramiko exec a host of `docker image ls`.

python -m tests.benchmarks.images KEY KNOWN_HOSTS PORT...
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import paramiko

from tests.testbed import Bed, Host

FORKS = 50


def image_ls(bed: Bed, hosts: list[Host], rounds: int, timed: Callable[[list[str]], float]) -> dict[str, list[float]]:
    """Seconds of each round, by what was run: the floor, the table of which host has what, and a list for each host."""
    reached = [str(bed.key_file), str(bed.known_hosts)]
    ours = [sys.executable, "-m", "provisioner", "image", "ls", *(host.target for host in hosts)]
    ours += ["--private-key", reached[0], "--known-hosts", reached[1]]
    commands = {
        "floor": [sys.executable, "-m", "tests.benchmarks.images", *reached, *(str(host.port) for host in hosts)],
        "image ls": ours,
        "image ls --by host": [*ours, "--by", "host"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, words in commands.items():
            took = timed(words)
            if number:  # the first round warms up
                seconds[name].append(took)
    return seconds


def listed(port: int, key: str, known_hosts: str) -> None:
    client = paramiko.SSHClient()
    client.load_host_keys(known_hosts)
    client.connect("127.0.0.1", port, username="root", key_filename=key, allow_agent=False, look_for_keys=False)
    _, stdout, _ = client.exec_command("docker image ls")
    stdout.read()
    assert stdout.channel.recv_exit_status() == 0
    client.close()


if __name__ == "__main__":
    key, known_hosts, *ports = sys.argv[1:]
    with ThreadPoolExecutor(FORKS) as pool:
        list(pool.map(lambda port: listed(int(port), key, known_hosts), ports))
