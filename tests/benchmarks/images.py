"""`image ls` over hosts against the least that it can cost: one bare paramiko exec a host of `docker image ls`.

    python -m tests.benchmarks.images [--hosts 100] [--rounds 5]

The hosts are chroots, whose client is a script that costs next to nothing: what is seen is what we add to it. See
tests/benchmarks/costs.py for what is measured; read the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import contestants as who
from tests.benchmarks.costs import Cost, cost_of, fleet_of
from tests.testbed import Bed, Host, testbed

WAYS = {
    "floor": None,
    "image ls": (),
    "image ls --by host": ("--by", "host"),
    "image ls -q": ("-q",),
    "image ls --json": ("--json",),
}


def commands(hosts: who.Hosts) -> dict[str, who.Command]:
    """What is compared, by name: the floor, the table of which host has what, and lists of each host."""
    return {
        name: who.bare(hosts, "docker image ls") if words is None else who.provisioner(hosts, "image", "ls", *words)
        for name, words in WAYS.items()
    }


def image_ls(bed: Bed, hosts: list[Host], rounds: int, timed: Callable[[list[str]], float]) -> dict[str, list[float]]:
    """Seconds of each round on hosts with real engines, by what was run."""
    fleet = who.Hosts([host.target for host in hosts], bed.key_file, bed.known_hosts, Path())
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(rounds + 1):
        for name, command in commands(fleet).items():
            took = timed([*command.words])
            if number:  # the first round warms up
                seconds[name].append(took)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.images")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    costs: dict[str, list[Cost]] = {name: [] for name in WAYS}
    with testbed() as bed:
        fleet = fleet_of(bed, asked.hosts)
        targets = fleet.at(fleet.machine.inner_address, 22, asked.hosts)
        compared = commands(who.Hosts(targets, bed.key_file, bed.known_hosts, Path()))
        for number in range(asked.rounds + 1):
            for name, command in compared.items():
                cost = cost_of(command, fleet, len(targets))
                if isinstance(cost, str):
                    raise SystemExit(f"{name}: {cost}")
                if number:
                    costs[name].append(cost)
    print(f"{asked.hosts} hosts{'':<21}{'seconds':>9}{'x floor':>9}{'cpu':>8}{'started':>9}{'memory':>9}")
    for name, rows in costs.items():
        one = Cost.median(rows)
        ratios = [row.seconds / floor.seconds for row, floor in zip(rows, costs["floor"], strict=True)]
        print(
            f"{name:<32}{one.seconds:5.2f} {statistics.median(ratios):8.2f}{one.cpu:8.2f}{one.started:9.1f}{one.memory:9.0f}"
        )


if __name__ == "__main__":
    main()
