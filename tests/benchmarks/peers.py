"""make bench-peers: re-pointing a fleet, beside the tools that people use for it, in one run on the same hosts.

    python -m tests.benchmarks.peers [--hosts 100] [--rounds 3] [--delay 50] [--growth 10,100,1000] [--only NAME]

Read the ratios, not the seconds: the hosts and the controllers share this machine. `cpu` is the processor time of the
controller alone, with its own processes; `started` the processes and threads that each host started for it, sshd's
with them; `memory` the largest resident set of a process of the controller.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import contestants as who
from tests.chroots import BASE, Chroots, chroots
from tests.testbed import Bed, testbed

NOTHING = "ours, nothing to do"
_PYTHON = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3"
"""Some tools want one on hosts."""
SLOW = {"ansible-core", "ansible-core and mitogen", "a plain ssh loop"}
"""Once is enough for these."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run: seconds of the clock and of the controller's processors, processes a host started, MiB."""

    seconds: float
    cpu: float
    started: float
    memory: float

    @classmethod
    def median(cls, costs: Sequence[Cost]) -> Cost:
        return cls(*(statistics.median(getattr(cost, name) for cost in costs) for name in cls.__slots__))


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
        fleet = _fleet(bed, max(asked.hosts, *growth, 1))
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


def _fleet(bed: Bed, count: int) -> Chroots:
    """That many hosts in one container, whose key is in the known_hosts of the bed."""
    machine = bed.start(BASE)
    machine.sh(_PYTHON, timeout=300)
    _known(bed, machine.inner_address, machine.read("/etc/ssh/ssh_host_ed25519_key.pub"))
    return chroots(machine, count)


def _known(bed: Bed, place: str, key: str) -> None:
    with bed.known_hosts.open("a") as file:
        file.write(f"{place} {key.strip()}\n")


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
                cost = _cost(contestant(hosts, url), fleet, len(targets))
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


def _cost(command: who.Command, fleet: Chroots, count: int) -> Cost | str:
    """What the command costs, or its last words when it fails."""
    asking = -(fleet.started() - fleet.started())
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, began = fleet.started(), time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command.words,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**environment, **command.environment},
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        if status:
            said.seek(0)
            return " ".join(said.read().decode(errors="replace").split())[-600:]
    started = (fleet.started() - before - asking) / count
    return Cost(seconds, used.ru_utime + used.ru_stime, started, used.ru_maxrss / 1024)


@contextmanager
def _relayed(bed: Bed, fleet: Chroots, delay: float) -> Iterator[int]:
    """A port of 127.0.0.1 behind which the fleet's sshd is far away, `delay` seconds each way."""
    words = [sys.executable, "-m", "tests.benchmarks.relay", fleet.machine.inner_address, "22", str(delay)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as relay:
        try:
            assert relay.stdout
            port = int(relay.stdout.readline())
            _known(bed, f"[127.0.0.1]:{port}", fleet.machine.read("/etc/ssh/ssh_host_ed25519_key.pub"))
            yield port
        finally:
            relay.terminate()


if __name__ == "__main__":
    main()
