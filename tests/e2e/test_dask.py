"""A Dask cluster does the work, and loses workers: many real shells behind one sshd, whose journals tell the truth."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from tests.chroots import BASE, chroots
from tests.dask_cluster import DaskCluster, Papers, kill
from tests.e2e.command_line import begun
from tests.until import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


@pytest.fixture
def cluster(tmp_path):
    with DaskCluster(tmp_path / "cluster", Papers(tmp_path / "papers")) as cluster:
        yield cluster


@pytest.fixture
def fleet(start_host, tmp_path, monkeypatch):
    """A function: so many hosts, which take a second to change, and the words for them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def fleet(number):
        hosts = chroots(start_host(BASE), number)
        hosts.slow(1.0)
        return hosts, ["-i", hosts.inventory(tmp_path / "hosts.yml"), "--yes", "--force", "--json"]

    return fleet


@pytest.mark.parametrize(
    ("number", "forks", "rounds"),
    [
        pytest.param(12, 6, 1, id="12 hosts"),
        pytest.param(400, 50, 5, id="400 hosts", marks=pytest.mark.matrix),
    ],
)
def test_a_worker_is_killed_and_each_host_has_one_right_outcome(bed, cluster, fleet, number, forks, rounds):  # noqa: PLR0917
    hosts, words = fleet(number)
    ca, cert, key = cluster.papers.paths
    words += ["--forks", forks, "--dask", cluster.address, "--dask-ca", ca, "--dask-cert", cert, "--dask-key", key]
    workers = cluster.start_workers(2)
    for turn in range(1, rounds + 1):
        victim = workers.pop(turn % 2)
        with begun(bed, "mirror", "set", f"http://mirror-{turn}.example", *words) as run:
            enough = (turn - 1) * number + number * turn // (rounds + 2)
            until(lambda n=enough: sum(hosts.reloads().values()) > n or run.poll() is not None, patience=600)
            kill(victim)
            workers += cluster.start_workers(1)
            out, err = run.communicate(timeout=1200)
        assert run.returncode == 0, err
        document = json.loads(out)
        assert Counter(host["status"] for host in document["hosts"]) == {"changed": number}
        assert [host["name"] for host in document["hosts"]] == list(hosts.names)
        assert int(re.search(rf"worker {victim.address} is lost; (\d+) hosts? will be asked again", err).group(1)) >= 1
        assert "KilledWorker" not in out + err
        assert Counter(hosts.reloads().values()) == {turn: number}
        assert set(map(tuple, hosts.entries().values())) == {("changed",) * turn}
        assert len(hosts.mirrors()) == 1
    assert "Traceback" not in "".join(path.read_text() for path in cluster.folder.glob("worker*.log"))
