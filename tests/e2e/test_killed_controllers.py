"""A controller that is killed amid forty hosts, real ones among them: `--resume` changes the rest, and loses nothing."""

from __future__ import annotations

import json
import signal
from collections import Counter

import pytest

from tests.chroots import BASE, chroots
from tests.e2e.command_line import COMMAND, begun, provisioner, run
from tests.until import until

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1800)]
CHROOTS, REAL = 37, ("one", "two", "three")
RELOADS = "journalctl -q --no-pager -o cat -u docker | grep -c 'Reloaded configuration'"
"""dockerd says so once for each signal (moby cmd/dockerd/daemon.go)."""


@pytest.fixture
def fleet(bed, start_host, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    pretended = chroots(start_host(BASE), CHROOTS)
    pretended.slow(0.5)
    real = {name: start_host("debian-13-engine", name=name) for name in REAL}
    inventory = pretended.inventory(tmp_path / "chroots.yml")
    rows = "".join(
        f"    {name}: {{ansible_host: {host.address}, ansible_port: {host.port}, ansible_user: root}}\n"
        for name, host in real.items()
    )
    inventory.write_text(inventory.read_text() + rows)
    return pretended, real, inventory


def whole_run(tmp_path):
    """What became of each host in the last run and those that it resumed."""
    exported = run([*COMMAND, "history", "export", "last"])
    assert exported.returncode == 0, exported.stderr
    (tmp_path / "run.json").write_text(exported.stdout)
    merged = run([*COMMAND, "history", "merge", tmp_path / "run.json", "--json"])
    assert merged.returncode == 0, merged.stderr
    return Counter(host["status"] for host in json.loads(merged.stdout)["hosts"])


def reloads(pretended, real):
    counted = {name: int(host.sh(RELOADS, check=False).stdout) for name, host in real.items()}
    return {**pretended.reloads(), **counted}


def test_forty_hosts_and_a_controller_that_is_killed_again_and_again(bed, fleet, tmp_path):
    pretended, real, inventory = fleet
    before = Counter({name: count for name, count in reloads(pretended, real).items() if count})
    for turn, killed_at in enumerate((1, 9, 20, 30, 36), start=1):
        words = ("mirror", "set", f"http://mirror-{turn}.example", "-i", inventory, "--yes", "--force", "--forks", "10")
        enough = (turn - 1) * CHROOTS + killed_at
        with begun(bed, *words) as running:
            until(lambda n=enough: sum(pretended.reloads().values()) >= n, patience=300)
            running.send_signal(signal.SIGKILL)
            running.wait()
        resumed = provisioner(bed, *words, "--resume", "--json")
        assert resumed.returncode == 0, resumed.stderr
        hosts = json.loads(resumed.stdout)["hosts"]
        assert sorted(host["name"] for host in hosts) == sorted([*pretended.names, *REAL])
        counted = Counter(host["status"] for host in hosts)
        assert counted.keys() <= {"changed", "skipped"}, "what the killed controller had heard of is left out"
        assert whole_run(tmp_path) == {"changed": CHROOTS + len(REAL)}
        after = Counter(reloads(pretended, real))
        assert {after[name] - before[name] for name in after} == {turn}, after
        assert set(map(tuple, pretended.entries().values())) == {("changed",) * turn}
        assert len(pretended.mirrors()) == 1
