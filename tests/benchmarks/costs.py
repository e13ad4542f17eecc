"""What a command costs a fleet of chroots, and its controller."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.contestants import Command
from tests.chroots import BASE, Chroots, chroots
from tests.testbed import Bed


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run: seconds of the clock; processor time of the controller alone, with its own processes; the processes and
    threads that each host started for it, sshd's with them; the largest resident set of a process of the controller, in
    MiB.
    """

    seconds: float
    cpu: float
    started: float
    memory: float

    @classmethod
    def median(cls, costs: Sequence[Cost]) -> Cost:
        return cls(*(statistics.median(getattr(cost, name) for cost in costs) for name in cls.__slots__))


def fleet_of(bed: Bed, count: int, before: str = ":") -> Chroots:
    """That many hosts in one container, whose key is in the known_hosts of the bed, after a script there."""
    machine = bed.start(BASE)
    machine.sh(before, timeout=300)
    known(bed, machine.inner_address, machine.read("/etc/ssh/ssh_host_ed25519_key.pub"))
    return chroots(machine, count)


def known(bed: Bed, place: str, key: str) -> None:
    with bed.known_hosts.open("a") as file:
        file.write(f"{place} {key.strip()}\n")


def cost_of(command: Command, fleet: Chroots, count: int) -> Cost | str:
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
