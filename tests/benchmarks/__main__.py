"""make bench: what people wait for, as medians and ratios of one run.

    python -m tests.benchmarks [--hosts N] [--rounds N]

Whole processes are timed, from their start to their end. The hosts are disposable ones of the test bed on this very
machine, so they and the controller share its processors: read the ratios, not the seconds. Budgets: DESIGN.md §10.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from provisioner.inventory import load
from tests.benchmarks.floor import SCRIPT
from tests.benchmarks.images import image_ls
from tests.testbed import Bed, Host, testbed

# As it is for people: pip compiles what it installs, and a first run what it finds uncompiled.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
PROVISIONER = [sys.executable, "-m", "provisioner"]
SLUG = "debian-13-engine"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Medians and ratios of one run.")
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    _timed([*PROVISIONER, "--help"])
    _report("provisioner --help", [_timed([*PROVISIONER, "--help"]) for _ in range(9)], budget="0.25 s")
    subprocess.run([*PROVISIONER, "apply", "--yes", "--strategy", "distro-packages"], check=True, capture_output=True)
    _timed([*PROVISIONER, "plan"])
    _report("converged local plan", [_timed([*PROVISIONER, "plan"]) for _ in range(9)], budget="0.6 s")
    _report("inventory of 1,000 hosts", [_loaded(1000) for _ in range(5)], budget="0.5 s")
    with testbed() as bed, ThreadPoolExecutor(2) as pool:
        hosts = list(pool.map(lambda _: bed.start(SLUG), range(arguments.hosts)))
        _repoint(bed, hosts, arguments.rounds)
        floor, *ours = image_ls(bed, hosts, arguments.rounds, _timed).items()
        _report(f"images of {len(hosts)} hosts: bare exec, the floor", floor[1])
        for name, seconds in ours:
            _report(f"images of {len(hosts)} hosts: {name}", seconds, against=floor[1], budget="1.2 x")


def _repoint(bed: Bed, hosts: list[Host], rounds: int) -> None:
    """Each round sets a mirror that was not set: by the floor, by us, by us once more with nothing to do, and as people
    get it, with mirrors that answer and are asked first.
    """
    targets = [host.target for host in hosts]
    connection = ["--private-key", str(bed.key_file), "--known-hosts", str(bed.known_hosts)]
    floor: list[float] = []
    ours: list[float] = []
    nothing: list[float] = []
    asking: list[float] = []
    for number in range(rounds + 1):
        bare = [str(bed.key_file), str(bed.known_hosts), SCRIPT.replace("URL", f"http://floor-{number}.example")]
        # As the floor does, this asks no mirror: those names stand for nothing.
        set_ = _set([f"http://ours-{number}.example"], targets, connection, "--force")
        ask = _set([bed.mirrors[number % 2].url], targets, connection)
        floor_ = [sys.executable, "-m", "tests.benchmarks.floor", *bare, *targets]
        times = (_timed(floor_), _timed(set_), _timed(set_), _timed(ask))
        if number:  # the first round warms up
            for series, seconds in zip((floor, ours, nothing, asking), times, strict=True):
                series.append(seconds)
    what = f"re-point {len(hosts)} hosts"
    _report(f"{what}: bare exec, the floor", floor)
    _report(f"{what}: mirror set", ours, against=floor, budget="1.25 x")
    _report(f"{what}: mirror set, nothing to do", nothing, against=floor, budget="1.1 x")
    _report(f"{what}: mirror set, the mirror asked first", asking, against=floor)


def _set(urls: list[str], targets: list[str], connection: list[str], *more: str) -> list[str]:
    return [*PROVISIONER, "mirror", "set", *urls, *targets, *connection, "--yes", "-q", *more]


def _loaded(count: int) -> float:
    """How long an inventory takes to read, in this process."""
    hosts = "\n".join(f"    web{n:04}: {{ansible_host: 192.0.2.{n % 250}, ansible_user: ops}}" for n in range(count))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "hosts.yaml")
        path.write_text(f"all:\n  vars: {{docker: {{registry_mirrors: [https://m.example]}}}}\n  hosts:\n{hosts}\n")
        began = time.perf_counter()
        assert len(load(path).hosts()) == count
        return time.perf_counter() - began


def _timed(words: list[str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words[:6])} ... ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began


def _report(what: str, seconds: list[float], *, against: list[float] | None = None, budget: str = "") -> None:
    line = f"{what:<52}{statistics.median(seconds):7.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})"
    if against:
        ratios = [ours / floor for ours, floor in zip(seconds, against, strict=True)]
        line += f"  {statistics.median(ratios):5.2f} x ({min(ratios):.2f} to {max(ratios):.2f})"
    print(line + (f"  budget {budget}" if budget else ""), flush=True)


if __name__ == "__main__":
    main()
