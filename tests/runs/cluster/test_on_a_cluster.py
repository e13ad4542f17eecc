"""Rollouts whose work is done by workers of a real Dask cluster, on hosts that live in a folder."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import replace

import pytest
import typer

from provisioner.cli.dask_options import Dask
from provisioner.cli.options import ReportedOutput, Rollout
from provisioner.cli.rollout import roll_out
from provisioner.errors import ConnectError, UsageError
from provisioner.runs import history
from provisioner.runs.cluster import shift
from provisioner.runs.cluster.build import this_build
from provisioner.runs.cluster.opening import Cluster, opened
from provisioner.wanted.spec import Spec
from tests.dask_cluster import ROOT, DaskCluster, Papers, kill
from tests.fake_host import NEW, target
from tests.runs.cluster.folder_host import FolderHost
from tests.until import until

SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("sys.argv", ["provisioner", "mirror", "set"])


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    return Papers(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, papers):
    with DaskCluster(tmp_path_factory.mktemp("cluster"), papers, pages=True) as cluster:
        cluster.start_workers(2)
        yield cluster


@pytest.fixture
def fleet(tmp_path):
    folder = tmp_path / "hosts"
    folder.mkdir()

    def fleet(number, *, takes=0.0, **troubles):
        names = [f"web{index}" for index in range(number)]
        return [FolderHost(folder, name, trouble=troubles.get(name, ""), takes=takes) for name in names]

    return fleet


@pytest.fixture
def go(capsys, papers):
    """Roll out over hosts by way of a cluster; returns the exit code, the hosts' statuses, and what was said."""

    def go(cluster, hosts, *, forks=8, targets=None, **options):
        dask = Dask(cluster.address, *papers.paths)
        targets = targets or list(map(target, hosts))
        output = ReportedOutput(as_json=True)
        with pytest.raises(typer.Exit) as ended:
            raise typer.Exit(
                roll_out("mirror set", targets, Rollout(yes=True, **options), output, forks=forks, dask=dask)
            )
        said = capsys.readouterr()
        document = json.loads(said.out)
        assert [host["name"] for host in document["hosts"]] == [host.name for host in hosts]
        statuses = [host["status"] for host in document["hosts"]]
        assert history.run("last").counts == Counter(statuses)
        return ended.value.exit_code, statuses, said.out + said.err

    return go


def test_all_hosts_change_once_at_both_workers(cluster, go, fleet):
    hosts = fleet(12, takes=0.2)
    code, statuses, _ = go(cluster, hosts)
    assert (code, statuses) == (0, ["changed"] * 12)
    assert [(host.mirror, host.count("changes")) for host in hosts] == [(NEW, 1)] * 12
    assert len({host.last("changes") for host in hosts}) == 2
    assert go(cluster, hosts)[1] == ["converged"] * 12


def test_a_hosts_trouble_is_its_own_and_a_bug_names_the_worker(cluster, go, fleet):
    hosts = fleet(4, web0="unreachable", web1="fails", web3="bug")
    code, statuses, said = go(cluster, hosts)
    assert (code, statuses) == (70, ["unreachable", "rolled_back", "changed", "failed"])
    assert "on the worker" in said
    assert "the details are in" in said


def test_canary_and_failures_stay_with_the_controller(cluster, go, fleet):
    hosts = fleet(4, web0="fails")
    assert go(cluster, hosts, canary=1)[1] == ["rolled_back", *["skipped"] * 3]
    assert [host.count("asked") for host in hosts] == [1] * 4
    hosts = fleet(40, takes=0.1, **{f"web{number}": "fails" for number in range(40)})
    _, statuses, said = go(cluster, hosts, forks=4, max_failures="2")
    assert statuses.count("rolled_back") <= 2 + 4
    assert statuses.count("skipped") >= 34
    assert sum(host.count("asked") for host in hosts) <= 4 + 8
    assert "not begun: 2 failed (--max-failures)" in said


def test_ctrl_c_reports_what_was_done_and_what_was_not(cluster, go, fleet, tmp_path):
    hosts = fleet(6, web1="hangs")
    halt = threading.Timer(0, lambda: (until(lambda: hosts[1].count("changes")), os.kill(os.getpid(), signal.SIGINT)))
    halt.start()
    code, statuses, said = go(cluster, hosts, forks=1)
    assert (code, statuses) == (130, ["changed", *["cancelled"] * 5])
    assert "1 host in progress" in said
    assert sum(host.count("asked") for host in hosts) == 2


def test_a_worker_that_is_killed_leaves_one_outcome_for_each_host(cluster, go, fleet):
    lost = cluster.start_workers(1)[0]
    hosts = fleet(24, takes=0.4)
    threading.Thread(target=lambda: (until(lambda: any(host.count("changes") for host in hosts)), kill(lost))).start()
    code, statuses, said = go(cluster, hosts)
    assert (code, set(statuses)) == (0, {"changed"})
    assert f"the worker {lost.address} is lost" in said
    assert "KilledWorker" not in said
    assert {host.mirror for host in hosts} == {NEW}


def test_secrets_are_nowhere_in_what_dask_says(cluster, go, fleet, papers):
    hosts = fleet(6, takes=0.5, web5="bug")
    spec = Spec(registry_mirrors=(NEW,), daemon={"log-opts": {"splunk-token": SECRET}}, install=False)
    targets = [replace(target(host), spec=spec, become_password=SECRET) for host in hosts]
    pages = {}

    def look():
        until(lambda: any(host.count("asked") for host in hosts))
        pages["tasks"] = asyncio.run(_asked(cluster, papers, _tasks))
        for name in ("info/main/workers.html", "info/main/logs.html", "json/identity.json", "json/index.html"):
            pages[name] = _page(f"{cluster.pages}/{name}")
        for key in re.findall(r"provisioner-[0-9a-f]+-\d+", cluster.logs()["scheduler-0.log"])[-2:]:
            pages[key] = _page(f"{cluster.pages}/info/task/{key}.html")

    looking = threading.Thread(target=look)
    looking.start()
    said = go(cluster, hosts, targets=targets)[2]
    looking.join()
    events, state = asyncio.run(_asked(cluster, papers, _events_and_state))
    assert events.count("'closed'") >= 6
    assert pages["tasks"].count("provisioner-") >= 1
    assert len([page for page in pages.values() if len(page) > 100]) >= 4, pages
    logs = cluster.logs()
    assert sum("DEBUG" in log for log in logs.values()) >= 3
    for name, text in {**logs, **pages, "events": events, "state": state, "output": said}.items():
        assert SECRET not in text, name


def _page(address):
    try:
        with urllib.request.urlopen(address, timeout=10) as page:
            return page.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return str(error)


async def _asked(cluster, papers, question):
    """What a client like any other is told."""
    from distributed import Client, Security

    ca, cert, key = papers.paths
    security = Security(require_encryption=True, tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key)
    async with Client(cluster.address, security=security, asynchronous=True, set_as_default=False) as client:
        return await question(client)


async def _tasks(client):
    """All that the scheduler keeps of the tasks that there are."""
    return await client.run_on_scheduler(
        lambda dask_scheduler: repr(
            [__import__("cloudpickle").dumps((key, task.run_spec)) for key, task in dask_scheduler.tasks.items()]
        )
    )


async def _events_and_state(client):
    """All events, and all that the scheduler and its workers tell of themselves."""
    state = repr(await client.scheduler.identity(n_workers=-1)) + repr(await client.scheduler.get_logs())
    return repr(await client.get_events()), state + repr(await client.get_worker_logs())


def refusal(kind, address, papers, hosts):
    """Return why the cluster cannot be used."""
    with pytest.raises(kind) as refused, opened(Cluster(address, *papers), list(map(target, hosts))):
        pass
    assert sum(host.count("asked") for host in hosts) == 0
    return refused.value


def test_a_client_without_tls_is_refused(cluster, fleet):
    error = refusal(ConnectError, cluster.address.replace("tls://", "tcp://"), (), fleet(1))
    assert "no Dask scheduler could be reached" in error.message
    assert "certificates" in error.hint


def test_papers_of_somebody_else_are_refused(cluster, fleet, tmp_path):
    other = Papers(tmp_path / "other").paths
    assert "no Dask scheduler could be reached" in refusal(ConnectError, cluster.address, other, fleet(1)).message


def test_workers_that_are_other_programs_are_refused_and_both_are_named(cluster, papers, fleet, tmp_path):
    edits = {"version": "provisioner/__init__.py", "template": "templates/prelude.sh", "none": "provisioner.py"}
    started = {}
    for kind, edited in edits.items():
        place = tmp_path / kind
        for name in ("provisioner", "templates") if kind != "none" else ():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        place.mkdir(exist_ok=True)
        with (place / edited).open("a") as file:
            file.write('__version__ = "7.7"\n' if kind == "version" else "# another\n")
        started[kind] = cluster.start(1, folder=place)[0]
    workers = {kind: cluster.joined(process) for kind, process in started.items()}
    try:
        message = refusal(UsageError, cluster.address, papers.paths, fleet(1)).message
    finally:
        for worker in workers.values():
            kill(worker)
    lines = {
        kind: next(line for line in message.splitlines() if worker.address in line) for kind, worker in workers.items()
    }
    assert "provisioner 7.7 (code" in lines["version"]
    assert all(f"this machine has {this_build()}" in lines[kind] for kind in ("version", "template"))
    assert f"it has no {this_build()} (No module named 'provisioner.runs'" in lines["none"]


def test_a_worker_that_comes_later_helps_and_another_program_is_left_out(cluster, go, fleet, tmp_path):
    hosts = fleet(16, takes=0.2)
    closed = hosts[0].folder / "closed"
    closed.touch()
    (tmp_path / "provisioner.py").touch()
    late = []

    def join():
        until(lambda: any(host.count("changes") for host in hosts))
        late.extend([cluster.start(1)[0], cluster.start(1, folder=tmp_path)[0]])
        for worker in map(cluster.joined, late):
            until(lambda worker=worker: "Run out-of-band function" in worker.log.read_text())
        time.sleep(2)
        closed.unlink()

    joining = threading.Thread(target=join)
    joining.start()
    code, statuses, said = go(cluster, hosts, forks=2)
    joining.join()
    helper, stranger = map(kill, late)
    assert (code, set(statuses)) == (0, {"changed"})
    assert helper.pid in {int(host.last("changes")) for host in hosts}
    assert f"the worker {stranger.address} is left out: it has no provisioner" in said


def test_a_scheduler_that_comes_back_finds_the_run_going_on(go, fleet, papers, tmp_path):
    hosts = fleet(10, takes=0.5)
    with DaskCluster(tmp_path / "dask", papers) as cluster:
        cluster.start_workers(1)

        def restart():
            until(lambda: any(host.count("changes") for host in hosts))
            kill(cluster.scheduler)
            cluster.start_scheduler(port=int(cluster.address.rpartition(":")[2]))
            cluster.start_workers(1)

        restarting = threading.Thread(target=restart)
        restarting.start()
        code, statuses, said = go(cluster, hosts, forks=2)
        restarting.join()
    assert (code, set(statuses)) <= (0, {"changed", "converged"})
    assert re.search(r"the Dask scheduler \S+ is lost", said)
    assert re.search(r"the Dask scheduler \S+ is back", said)


def test_when_all_workers_are_gone_each_host_says_so_within_a_limit(go, fleet, papers, tmp_path, monkeypatch):
    monkeypatch.setattr(shift, "ALONE", 3.0)
    hosts = fleet(6, takes=5.0)
    with DaskCluster(tmp_path / "dask", papers) as cluster:
        (worker,) = cluster.start_workers(1)
        threading.Thread(
            target=lambda: (until(lambda: any(host.count("changes") for host in hosts)), kill(worker))
        ).start()
        began = time.monotonic()
        code, statuses, said = go(cluster, hosts, forks=2)
        assert time.monotonic() - began < 60
    assert (code, statuses) == (3, ["unreachable"] * 6)
    assert said.count("not begun: no worker of") == 4
    assert said.count("Whether a change has begun there was not heard") == 2
    assert "--resume" in said
    assert "KilledWorker" not in said
