"""A script that somebody runs without a controller: the journal has it as well, and one change at a time is enough."""

from __future__ import annotations

import os
import subprocess

import pytest

from provisioner.facts.host import Host
from provisioner.facts.journal import entry_in
from provisioner.planner.planner import plan
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import RUNNING

PLAN = plan("h", Host.of(RUNNING), (), Spec(registry_mirrors=["https://m.example"], install=False))
SCRIPT = apply_script(PLAN)
PRELUDE = SCRIPT.split("step_1() {")[0]
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="runs are root's")


def by_hand(shell, state, step, arguments=()):
    script = (
        f"{PRELUDE}\nmain() {{\n  trap finish EXIT\n  trap 'exit 143' TERM\n  start one\n  {step}\n  ok\n}}\n"
        "if [ -n \"$given\" ]; then main </dev/null; else by_hand 'step one ~ One' </dev/null; fi\n"
    )
    return subprocess.run(
        [*shell, "-s", *arguments],
        input=script.replace("/var/lib/provisioner", str(state)),
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "TMPDIR": str(state.parent), "SUDO_USER": "ann"},
    )


def entries(state):
    found = [entry_in(f"{path.name}\n{path.read_text()}") for path in (state / "journal").glob("*.*")]
    return sorted(found, key=lambda entry: entry.name)


def test_the_script_as_it_is_rendered_ends_that_way():
    last = SCRIPT.rstrip().rpartition("\n")[2]
    assert last.startswith('if [ -n "$given" ]; then main </dev/null; else by_hand \'step ')
    assert last.endswith("</dev/null; fi")


@pytest.mark.parametrize(
    ("step", "end"),
    [
        pytest.param("note hm", (0, "changed", ("start one", "ok one 0", "finished 0")), id="well"),
        pytest.param("false", (1, "failed", ("start one", "fail one 1", "finished 1")), id="a command fails"),
        pytest.param("die enough", (1, "failed", ("start one", "error enough", "fail one 1", "finished 1")), id="dies"),
        pytest.param(
            'lasting=""; printf "absent %s/x\\n" "$RUN" >>"$RUN/undo"; exit 75',
            (75, "rolled_back", ("start one", "fail one 75", "rollback done", "finished 75")),
            id="rolled back",
        ),
    ],
)
def test_how_it_ended_is_noted_and_said(shell, state, step, end):
    status, ended, said = end
    done = by_hand(shell, state, step)
    assert (done.returncode, done.stderr) == (status, "")
    (entry,) = entries(state)
    assert (entry.ended, entry.said, entry.command) == (ended, said, "by hand")
    assert entry.by.startswith("ann@")
    assert entry.began > 1_700_000_000
    assert [(step.id, step.action, step.title) for step in entry.steps] == [("one", "~", "One")]
    assert (state / "journal/last").read_text() == f"{entry.name}\n"
    assert (state / "lock").read_text() == ""
    assert state.stat().st_mode & 0o777 == (state / "journal").stat().st_mode & 0o777 == 0o700


def test_what_it_writes_has_the_usual_mode_and_what_it_starts_holds_no_lock(shell, state):
    done = by_hand(shell, state, f": >{state.parent}/written; sleep 20 >/dev/null 2>&1 & echo $! >{state.parent}/pid")
    assert done.returncode == 0
    assert (state.parent / "written").stat().st_mode & 0o777 == 0o644
    assert by_hand(shell, state, ":").returncode == 0
    os.kill(int((state.parent / "pid").read_text()), 9)


def test_it_waits_for_nobody_who_has_the_lock(shell, state):
    state.mkdir(mode=0o700)
    (state / "lock").write_text("somebody since noon\n")
    with subprocess.Popen(["flock", str(state / "lock"), "sleep", "30"]) as other:
        until_held = subprocess.run(
            ["sh", "-c", f"while flock -n {state}/lock true; do sleep 0.1; done"], check=False, timeout=10
        )
        assert until_held.returncode == 0
        done = by_hand(shell, state, f": >{state.parent}/written")
        subprocess.run(["pkill", "-P", str(other.pid)], check=False)
        other.kill()
    assert done.returncode == 1
    assert "@@manual locked somebody since noon\n" in done.stdout
    assert "nothing was begun" in done.stdout
    assert not (state.parent / "written").exists()
    assert entries(state) == []
    assert [path.name for path in state.parent.iterdir()] == ["state"]


@pytest.mark.parametrize("trouble", ["full", "read-only", "another's", "a link"])
def test_without_a_journal_nothing_is_begun(shell, state, trouble):
    state.mkdir(mode=0o700)
    if trouble in {"full", "read-only"}:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", state], check=True)
    try:
        if trouble == "full":
            subprocess.run(["sh", "-c", f"mkdir {state}/journal; yes >{state}/filler 2>/dev/null; :"], check=True)
        elif trouble == "read-only":
            subprocess.run(["mount", "-o", "remount,ro", state], check=True)
        elif trouble == "another's":
            os.chown(state, 65534, 65534)
        else:
            (state / "journal").symlink_to("/tmp")
        done = by_hand(shell, state, f": >{state.parent}/written")
    finally:
        if trouble in {"full", "read-only"}:
            subprocess.run(["umount", state], check=True)
    assert done.returncode == 1
    assert "nothing was begun. See what it is: ls -ld" in done.stdout
    assert not (state.parent / "written").exists()


def test_with_a_directory_of_its_own_it_is_a_controllers(shell, state, tmp_path):
    done = by_hand(shell, state, ":", ("n", str(tmp_path / "run")))
    assert done.returncode == 0
    assert "@@n finished 0" in done.stdout
    assert not (state / "journal").exists()
