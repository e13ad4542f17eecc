"""The scripts that start, hold, follow and join a run, with a state directory of their own on this machine."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioner.scripts.render import follow_script, launch_script, template_text
from tests.scripts.payload import payload
from tests.until import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="runs are root's")


def sh(script):
    words = ["sh", "-s", "n", "root"]
    return subprocess.run(words, input=script, text=True, capture_output=True, check=False, timeout=60)


def launched(state, steps, run="r1", holder="somebody"):
    return payload(launch_script(steps, "n", run=run, holder=holder), state)


def ran(state, steps, **words):
    return sh(launched(state, steps, **words))


def joined(state, run="r1"):
    return sh(payload(follow_script("n", run=run), state))


def asked(state):
    return sh(template_text("facts.sh").replace("/var/lib/provisioner", str(state)))


@contextmanager
def running(state, steps, **words):
    """A run in progress, with its process noted; what it says is read from its stdout."""
    with subprocess.Popen(["sh", "-s", "n", "root"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        shell.stdin.write(launched(state, steps, **words))
        shell.stdin.close()
        until((state / "runs/r1/pid").exists)
        yield shell


def follow(shell, directory, *words, reader="cat"):
    script = f"N=n\n{template_text('follow.sh')}\nfollow {shlex.join([str(directory), *words])}\n"
    words = ["bash", "-c", f'"$@" | {reader}', "-", *shell, "-s"]
    return subprocess.run(words, input=script, text=True, capture_output=True, check=False, timeout=60)


# --- the follower -------------------------------------------------------------------------------------------------


def marks(text):
    return re.findall(r"(?m)^@@n (.*)", text)


@pytest.mark.parametrize("reader", ["cat", "{ sleep 6; cat; }"], ids=["quick", "slow"])
def test_all_of_a_log_arrives_or_the_markers_of_a_long_one(shell, tmp_path, reader):
    chatter = [f"{number} {'x' * 70}" for number in range(260_000)]
    chatter.insert(130_000, "\n@@n note in the middle")
    text = "\n".join(["\n@@n start one", *chatter, "\n@@n ok one 1", "\n@@n left 0", "\n@@n ended\n"])
    assert len(text) > 20_000_000
    (tmp_path / "log").write_text(text)
    answer = follow(shell, tmp_path, "0", reader=reader)
    assert marks(answer.stdout) == ["start one", "note in the middle", "ok one 1", "left 0", "ended"]
    assert answer.stdout.startswith(text[:500_000])
    assert answer.stdout.endswith(text[-500_000:])
    assert len(answer.stdout) < 3_500_000
    assert f"all of them are in {tmp_path}/log on the host]" in answer.stdout
    assert answer.stderr == ""


def test_a_log_that_grows_arrives_byte_for_byte(shell, tmp_path):
    script = (
        "for n in 1 2 3 4 5 6; do printf 'part %s' $n; sleep 0.2; printf ' of it\\n\\n@@n note %s\\n' $n; done;"
        "printf '\\n@@n ended\\n'; : >ended"
    )
    with (tmp_path / "log").open("w") as log:
        words = ["sh", "-c", script, "-", str(tmp_path)]
        with subprocess.Popen(words, stdout=log, cwd=tmp_path) as run:
            answer = follow(shell, tmp_path, str(run.pid), *identity(run.pid))
    assert answer.stdout == (tmp_path / "log").read_text()
    assert answer.stderr == ""


def identity(pid):
    """When a process was started, and the boot that counts from."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return stat[19], Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_run_that_has_said_its_end_is_over_at_once(shell, tmp_path):
    (tmp_path / "log").write_text("\n@@n start one\n\n@@n ended\n")
    (tmp_path / "ended").touch()
    script = (
        f'N=n\nsleep() {{ echo "slept $1"; }}\n{template_text("follow.sh")}\nfollow {shlex.quote(str(tmp_path))} 0\n'
    )
    answer = subprocess.run([*shell, "-s"], input=script, text=True, capture_output=True, check=False, timeout=60)
    assert answer.stdout == (tmp_path / "log").read_text()


@pytest.mark.parametrize("noted", ["a number", "all"])
def test_neither_a_kernel_thread_nor_another_process_is_taken_for_the_run(shell, tmp_path, noted):
    (tmp_path / "log").write_text("\n@@n start packages\n")
    thread = ["2"] if Path("/proc/2/comm").exists() and not Path("/proc/2/cmdline").read_bytes() else []
    for pid in (*thread, str(os.getpid())):
        _, boot = identity(pid)
        began = time.monotonic()
        answer = follow(shell, tmp_path, pid, *(("1", boot) if noted == "all" else ()))
        assert time.monotonic() - began < 5
        assert "@@n error the run was cut off: it was killed" in answer.stdout


def test_a_run_of_before_a_reboot_is_over(shell, tmp_path):
    (tmp_path / "log").write_text("\n@@n start packages\n")
    began, _ = identity(os.getpid())
    answer = follow(shell, tmp_path, str(os.getpid()), began, "another-boot")
    assert (
        f"@@n error the run was cut off: the host was started again since; its log is {tmp_path}/log" in answer.stdout
    )


# --- the lock -----------------------------------------------------------------------------------------------------


def test_a_run_tells_its_steps_and_ends_and_leaves_its_records_alone(state):
    answer = ran(state, 'printf "\\n@@%s finished 0\\n" "$1"; : >"$2/candidate"')
    assert answer.stderr == ""
    assert {"finished 0", "left 0", "ended"} <= set(marks(answer.stdout))
    assert "begin os-release" in marks(answer.stdout)
    assert "begin in-progress" not in marks(answer.stdout)
    assert sorted(path.name for path in state.iterdir()) == ["journal", "lock", "runs"]
    assert (state / "lock").read_text() == ""
    kept = {"apply.sh", "ended", "facts.sh", "holder", "log", "pid", "run.sh"}
    assert {path.name for path in (state / "runs/r1").iterdir()} == kept
    assert state.stat().st_mode & 0o777 == (state / "runs").stat().st_mode & 0o777 == 0o700


def test_who_finds_the_lock_is_told_whose_it_is_and_leaves_nothing(state, tmp_path):
    with running(state, f"until [ -e {tmp_path}/go ]; do sleep 0.1; done", holder="me since noon") as first:
        assert "@@n begin in-progress\nme since noon\n" in asked(state).stdout
        second = ran(state, "echo never", run="r2")
        assert marks(second.stdout) == ["locked me since noon"]
        assert [path.name for path in (state / "runs").iterdir()] == ["r1"]
        (tmp_path / "go").touch()
        assert "left 0" in first.stdout.read()
    assert "left 0" in ran(state, ":", run="r2").stdout


def plant(path, what):
    if what == "directory":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to("/dev/null")
    else:
        path.write_text("")
    os.chown(path, 65534, 65534, follow_symlinks=False)


@pytest.mark.parametrize("what", ["directory", "fifo", "link", "file"])
@pytest.mark.parametrize("place", ["", "runs", "lock"])
def test_what_another_account_has_put_there_is_refused_at_once(state, place, what):
    if place:
        state.mkdir(mode=0o700)
    plant(state / place if place else state, what)
    began = time.monotonic()
    facts = asked(state)
    assert "@@n done 0" in facts.stdout
    assert "in-progress" not in facts.stdout
    answer = ran(state, "echo never")
    assert time.monotonic() - began < 10
    (said,) = marks(answer.stdout)
    assert said.startswith(f"error {state / place if place else state} must be a ")
    assert "belongs to root" in said
    assert joined(state).stdout.count("must be a ") == 1


def test_a_run_that_never_began_never_will(state):
    assert marks(joined(state).stdout) == ["unknown-run r1"]
    assert marks(joined(state).stdout) == ["unknown-run r1"]
    answer = ran(state, "echo steps")
    assert "steps" not in answer.stdout
    assert "called off" in answer.stdout
    assert "left 0" in ran(state, ":", run="r2").stdout


def test_a_run_that_is_killed_leaves_nothing_for_the_next_one_to_trip_over(state, tmp_path):
    beside = tmp_path / "daemon.json"
    steps = f': >"$2/candidate"; echo {beside} >"$2/wrote"; : >{beside}.provisioner; : >{beside}; sleep 15; :'
    with running(state, steps) as first:
        until(beside.exists)
        (state / "runs/r1/follow.7").touch()  # an older version's
        found = subprocess.run(["pgrep", "-f", f"{state}/runs/r1/"], capture_output=True, text=True, check=True)
        for pid in found.stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        assert "error the run was cut off: it was killed" in first.stdout.read()
    assert (state / "lock").read_text() == "somebody\n"
    assert "in-progress" not in asked(state).stdout
    assert "left 0" in ran(state, ":", run="r2", holder="another").stdout
    assert (state / "lock").read_text() == ""
    assert not Path(f"{beside}.provisioner").exists()
    assert beside.exists()
    assert not (state / "runs/r1/candidate").exists()
    assert not (state / "runs/r1/follow.7").exists()
    assert "error the run was cut off" in joined(state).stdout


def test_the_lock_stays_held_while_steps_go_on_without_their_run(state, tmp_path):
    steps = f": >{tmp_path}/begun; until [ -e {tmp_path}/go ]; do sleep 0.1; done; echo done with it"
    with running(state, steps) as first:
        until((tmp_path / "begun").exists)
        os.kill(int((state / "runs/r1/pid").read_text().split()[0]), signal.SIGKILL)
        assert marks(ran(state, "echo never", run="r2").stdout) == ["locked somebody"]
        (tmp_path / "go").touch()
        said = first.stdout.read()
    assert "done with it" in said
    assert "error the run was cut off: it was killed" in said


def test_a_run_of_an_older_version_is_met_as_well(state):
    """Its lock lay elsewhere; its process is known by its words."""
    old = state / "runs/old"
    old.mkdir(parents=True)
    (old / "holder").write_text("them since noon\n")
    with subprocess.Popen(["sh", "-c", "sleep 30; :", "-", str(old)]) as process:
        (old / "pid").write_text(f"{process.pid}\n")
        assert marks(ran(state, ":").stdout) == ["locked them since noon"]
        process.kill()
    assert "left 0" in ran(state, ":").stdout


def test_twenty_runs_are_kept_by_the_clock_of_the_host(state):
    """The name of a run has the controller's clock, which may be behind; the one that begins is the newest."""
    for number in range(25):
        path = state / f"runs/2030-{number:02}"
        path.mkdir(parents=True)
        (path / "ended").touch()
        os.utime(path, (1_700_000_000 - number, 1_700_000_000 - number))
    answer = ran(state, ':; sleep 1; ls "$2"', run="1999")
    assert "left 0" in answer.stdout
    assert sorted(path.name for path in (state / "runs").iterdir()) == ["1999", *(f"2030-{n:02}" for n in range(19))]


def test_no_room_is_said_in_the_words_of_the_system(state):
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", state], check=True)
    try:
        answer = ran(state, "#" + "x" * 100_000)
        left = [path.name for path in (state / "runs").iterdir()]
    finally:
        subprocess.run(["umount", state], check=True)
    (said,) = marks(answer.stdout)
    assert said.startswith("error there is no room for this run")
    assert "No space left on device" in said
    assert left == []


def test_steps_that_do_not_end_are_stopped_and_may_put_things_back(state):
    script = launched(state, 'trap "echo back again; exit 143" TERM; sleep 100; :')
    began = time.monotonic()
    answer = sh(script.replace("$4 7200 ", "$4 2 "))
    assert time.monotonic() - began < 20
    assert "back again" in answer.stdout
    assert "error it was stopped, since it had not ended after" in answer.stdout
    assert "left 124" in answer.stdout
