"""make bench-peers: re-pointing a fleet, beside the tools that people use for it, in one run on the same hosts.

    python -m tests.benchmarks.peers [--hosts 100] [--rounds 3] [--delay 50] [--growth 10,100,1000] [--only NAME]

Read the ratios, not the seconds: the hosts and the controllers share this machine. See tests/benchmarks/costs.py for
what else is measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import contestants as who
from tests.benchmarks.costs import Cost, cost_of, fleet_of, known
from tests.chroots import Chroots
from tests.testbed import Bed, testbed

NOTHING = "ours, nothing to do"
PYTHON = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3"
"""Some tools want one on hosts."""
SLOW = {"ansible-core", "ansible-core and mitogen", "a plain ssh loop"}
"""Once is enough for these."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay", type=float, default=50.0, help="of a round trip, in ms; 0 leaves that part out")
    parser.add_argument("--growth", default="10,100,1000", help="numbers of hosts; '' leaves that part out")
    parser.add_argument("--only", action="append", default=[], help="contestants whose name has this in it")
    asked = parser.parse_args()
    growth = [int(number) for number in asked.growth.split(",") if number]
    print(f"{time.strftime('%F')}, {platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}")
    with testbed() as bed:
        fleet = fleet_of(bed, max(asked.hosts, *growth, 1), PYTHON)
        address = fleet.machine.inner_address
        entered = [row for row in _entered(bed) if not asked.only or any(word in row[0] for word in asked.only)]
        near = fleet.at(address, 22, asked.hosts)
        _race(f"{asked.hosts} hosts, no delay", entered, bed, fleet, near, rounds=asked.rounds)
        if asked.delay:
            with _relayed(bed, fleet, asked.delay / 2000) as port:
                far = fleet.at("127.0.0.1", port, asked.hosts)
                title = f"{asked.hosts} hosts, {asked.delay:.0f} ms round trip by a relay of ours"
                _race(title, entered, bed, fleet, far, rounds=asked.rounds)
        for count in growth:
            rows = [row for row in entered if row[0].startswith(("floor", "ours"))]
            _race(f"growth: {count} hosts", rows, bed, fleet, fleet.at(address, 22, count), rounds=asked.rounds)


def _entered(bed: Bed) -> list[tuple[str, who.Contestant | None]]:
    """Who takes part, by name; None where a tool cannot be had."""
    folders = who.environment()
    known = {name: version for folder in folders.values() if folder for name, version in who.versions(folder).items()}
    for package, folder in folders.items():
        print(f"{package} {known[package]}" if folder else f"{package} cannot be had from the package index here")
    pyinfra, ansible, parallel = folders["pyinfra"], folders["ansible-core"], folders["parallel-ssh"]
    asking = 0

    def asks(hosts: who.Hosts, url: str) -> who.Command:
        nonlocal asking
        asking += 1
        del url  # one that answers, another each time
        return who.ours(hosts, bed.mirrors[asking % 2].url)

    return [
        ("floor: one paramiko exec", who.floor),
        ("ours", who.ours_unasked),
        (NOTHING, who.ours_unasked),
        ("ours, the mirror asked first", asks),
        ("pyinfra", who.pyinfra(pyinfra) if pyinfra else None),
        ("parallel-ssh", who.parallel_ssh(parallel) if parallel else None),
        ("a plain ssh loop", who.ssh_loop),
        ("ansible-core", who.ansible(ansible) if ansible else None),
        ("ansible-core and mitogen", who.ansible(ansible, mitogen=True) if ansible and folders["mitogen"] else None),
    ]


def _race(
    title: str,
    entered: Sequence[tuple[str, who.Contestant | None]],
    bed: Bed,
    fleet: Chroots,
    targets: Sequence[str],
    *,
    rounds: int,
) -> None:
    """Round after round everybody sets a mirror that was not set, and we the last one again; the first round warms up."""
    costs: dict[str, list[Cost]] = {}
    failed: dict[str, str] = {}
    for number in range(rounds + 1):
        last = ""
        for name, contestant in entered:
            if contestant is None or name in failed or (name in SLOW and number != 1):
                continue
            url = last if name == NOTHING else f"http://{_word_of(name)}-{time.time_ns()}.example"
            last = url
            with tempfile.TemporaryDirectory() as folder:
                hosts = who.Hosts(targets, bed.key_file, bed.known_hosts, Path(folder))
                cost = cost_of(contestant(hosts, url), fleet, len(targets))
            if isinstance(cost, str):
                failed[name] = cost
            elif number:
                costs.setdefault(name, []).append(cost)
    print(f"\n{title}\n{'':<32}{'seconds':>9}{'x floor':>9}{'cpu':>8}{'started':>9}{'memory':>9}")
    floor = next((Cost.median(rows).seconds for name, rows in costs.items() if name.startswith("floor")), None)
    for name, contestant in entered:
        if name in costs:
            cost = Cost.median(costs[name])
            ratio = f"{cost.seconds / floor:8.2f}x" if floor else f"{'':>9}"
            print(
                f"{name:<32}{cost.seconds:8.2f} {ratio}{cost.cpu:7.2f} {cost.started:8.1f} {cost.memory:8.0f}",
                flush=True,
            )
        else:
            print(f"{name:<32}  {'it failed: ' + failed[name] if contestant else 'cannot be had here'}", flush=True)


def _word_of(name: str) -> str:
    """A word of a mirror's name that tells whose it is."""
    return "".join(letter for letter in name if letter.isalpha())


@contextmanager
def _relayed(bed: Bed, fleet: Chroots, delay: float) -> Iterator[int]:
    """A port of 127.0.0.1 behind which the fleet's sshd is far away, `delay` seconds each way."""
    words = [sys.executable, "-m", "tests.benchmarks.relay", fleet.machine.inner_address, "22", str(delay)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as relay:
        try:
            assert relay.stdout
            port = int(relay.stdout.readline())
            known(bed, f"[127.0.0.1]:{port}", fleet.machine.read("/etc/ssh/ssh_host_ed25519_key.pub"))
            yield port
        finally:
            relay.terminate()


if __name__ == "__main__":
    main()
