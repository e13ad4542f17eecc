"""A fleet from several controllers, each a process with a history of its own; one is killed and begun again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter

import pytest

from tests.e2e.command_line import COMMAND, run
from tests.fake_host import NEW
from tests.until import until

pytestmark = pytest.mark.e2e


@pytest.fixture
def fleet(tmp_path):
    """The folder of a server with many hosts, see `tests.fleet_server`."""
    server = subprocess.Popen([sys.executable, "-m", "tests.fleet_server", str(tmp_path), "0.3"])
    until((tmp_path / "port").exists)
    yield tmp_path
    server.kill()
    server.wait()


def inventory(fleet, names):
    rows = "".join(f"    {name}: {{ansible_user: {name}}}\n" for name in names)
    port = (fleet / "port").read_text()
    path = fleet / "fleet.yaml"
    path.write_text(f"all:\n  vars: {{ansible_host: 127.0.0.1, ansible_port: {port}}}\n  hosts:\n{rows}")
    return path


def words(fleet, shard):
    return [
        *(*COMMAND, "mirror", "set", NEW, "-i", fleet / "fleet.yaml", "--yes", "--force", "--run", "spring"),
        *("--shard", shard, "--forks", "12"),
        *("--private-key", fleet / "key", "--known-hosts", fleet / "known_hosts", "--ssh-config", "none"),
    ]


def home(fleet, name):
    return {**os.environ, "XDG_STATE_HOME": str(fleet / name)}


def exported(fleet, name):
    done = run([*COMMAND, "history", "export", "spring"], env=home(fleet, name))
    assert done.returncode == 0, done.stderr
    (fleet / f"{name}.json").write_text(done.stdout)
    return json.loads(done.stdout)


def merged(fleet, *files):
    files = [fleet / f"{name}.json" for name in files]
    done = run([*COMMAND, "history", "merge", *files, "--json", "--report", fleet / "run.html"], cwd=fleet)
    return done.returncode, json.loads(done.stdout)


def ended(log):
    """How many hosts a controller has told of, of how many."""
    found = re.findall(r"\[(\d+)/(\d+)\]", log.read_text())
    return tuple(map(int, found[-1])) if found else (0, 0)


@pytest.mark.parametrize(
    ("number", "of", "failing"),
    [
        pytest.param(40, 2, 0, id="40 hosts in 2 shards"),
        pytest.param(400, 4, 0, id="400 hosts in 4 shards", marks=pytest.mark.matrix),
        pytest.param(400, 4, 3, id="400 hosts in 4 shards, of which 3 fail", marks=pytest.mark.matrix),
    ],
)
def test_one_controller_is_killed_and_begun_again(fleet, number, of, failing):
    names = [f"fails-{index}" if index < failing else f"web{index:03}" for index in range(number)]
    inventory(fleet, names)
    shards = [f"{index}/{of}" for index in range(1, of + 1)]
    logs = [fleet / f"log{index}" for index in range(of)]
    begun = []
    for index, shard in enumerate(shards):
        with logs[index].open("w") as log:
            begun.append(subprocess.Popen(words(fleet, shard), env=home(fleet, f"c{index}"), stdout=log, stderr=log))
    until(lambda: ended(logs[1])[0] >= 3)
    begun[1].send_signal(signal.SIGKILL)
    begun[1].wait()
    codes = [controller.wait(600) for controller in begun]
    assert codes[1] == -signal.SIGKILL
    assert set(codes) - {-signal.SIGKILL} <= {0, 6}

    # What is known before anybody begins again: some hosts have no outcome.
    files = [f"c{index}" for index in range(of)]
    before = [exported(fleet, name) for name in files]
    assert before[1]["ended"] is None
    code, document = merged(fleet, *files)
    states = Counter(host["status"] for host in document["hosts"])
    assert (code, len(document["hosts"]), document["shards"]["missing"]) == (130, number, [])
    assert states["pending"] > 0
    assert states["changed"] > 3
    # Without the file of the killed one, its shard is missing.
    code, document = merged(fleet, *files[:1], *files[2:])
    assert (code in {2, 6}, document["shards"]["missing"]) == (True, [shards[1]])

    # Begun again on another machine, as a scheduler does, under the same name.
    again = run(words(fleet, shards[1]), env=home(fleet, "again"))
    assert again.returncode in {0, 6}, again.stderr[-2000:]
    exported(fleet, "again")
    code, document = merged(fleet, "again", *files)
    found = {host["name"]: host for host in document["hosts"]}
    assert (len(document["hosts"]), set(found)) == (number, set(names))
    assert (code, document["status"]) == (6 if failing else 0, "partial" if failing else "ok")
    was = {host["name"] for export in before for host in export["hosts"] if host["status"] == "changed"}
    assert {found[name]["status"] for name in was} == {"changed"}
    states = Counter(host["status"] for host in document["hosts"])
    assert states["changed"] + states["converged"] == number - failing
    assert states["rolled_back"] == failing
    # Those that were being changed when nobody heard it any more: of the forks at most.
    assert states["converged"] <= 12
    assert f"{number} hosts" in re.sub(r"\s+", " ", (fleet / "run.html").read_text())

    # No host was changed twice; those that failed were tried again with their shard.
    changes = Counter((fleet / "changes").read_text().split())
    assert {changes[name] for name in names if not name.startswith("fails-")} == {1}
