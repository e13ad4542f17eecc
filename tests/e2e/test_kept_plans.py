"""plan --out FILE, and apply FILE on hosts that are as they were and on one that is not: 20.10 and 26.1."""

from __future__ import annotations

import json
import stat

import pytest

from tests.e2e.command_line import COMMAND, provisioner, run

pytestmark = pytest.mark.e2e
CONFIG = "/etc/docker/daemon.json"


@pytest.fixture(autouse=True)
def history(tmp_path, monkeypatch):
    """Of its own: what is resumed is the last run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def hosts(bed, start_host):
    """Two hosts, whose mirror is the first one."""
    found = [start_host("debian-12-engine", name="kept-one"), start_host("debian-13-engine", name="kept-two")]
    for host in found:
        host.write(CONFIG, json.dumps({"registry-mirrors": [bed.mirrors[0].url], "log-level": "warn"}))
        host.sh("systemctl reload docker")
    return found


def carry_out(path, *words):
    """`apply FILE`, which says itself how hosts are reached."""
    done = run([*COMMAND, "apply", str(path), "--yes", "--json", *words])
    rows = json.loads(done.stdout)["hosts"]
    assert rows, done.stdout + done.stderr
    return done.returncode, {row["name"]: row for row in rows}, done.stderr


def test_what_was_shown_runs_and_nothing_else(bed, hosts, tmp_path):
    one, two = hosts
    path, mirror = tmp_path / "site.plan", bed.mirrors[1].url
    names = [host.target for host in hosts]
    shown = provisioner(bed, "plan", *names, "--registry-mirror", mirror, "--out", path, "-v")
    assert shown.returncode == 0, shown.stderr
    assert f"the plan is in {path}" in shown.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    planned = json.loads(path.read_text())

    # Looking changes nothing on the hosts, and finds them as they were.
    code, rows, _ = carry_out_look(path)
    assert (code, [rows[name]["status"] for name in names]) == (0, ["planned", "planned"])

    edited = json.dumps({"registry-mirrors": [bed.mirrors[0].url], "log-level": "error"})
    two.write(CONFIG, edited)
    code, rows, said = carry_out(path, "--canary", "1", "--run", "e2e-tonight")
    assert (code, rows[names[0]]["status"], rows[names[1]]["status"]) == (8, "changed", "blocked"), rows
    assert f"{CONFIG} has changed" in rows[names[1]]["error"]["message"]
    assert two.sh(f"cat {CONFIG}").stdout.strip() == edited
    assert f"the plan of {path}, made" in said
    assert [step["id"] for step in rows[names[0]]["steps"]] == [
        step["id"] for step in planned["hosts"][0]["plan"]["steps"]
    ]
    assert mirror in one.sh("docker info -f '{{json .RegistryConfig.Mirrors}}'").stdout

    ran = one.sh("cat /var/lib/provisioner/runs/*/apply.sh").stdout
    assert ran.strip() in shown.stdout

    # A run that goes on leaves out the host that was changed; to one that does not, it is not as it was any more.
    for words, status in ((["--resume"], "skipped"), ([], "blocked")):
        code, rows, _ = carry_out(path, *words)
        assert (code, [rows[name]["status"] for name in names]) == (8, [status, "blocked"])


def carry_out_look(path):
    done = run([*COMMAND, "apply", str(path), "--plan", "--json"])
    return done.returncode, {row["name"]: row for row in json.loads(done.stdout)["hosts"]}, done.stderr
