"""The journal of a host, as the scripts of a run write, meet and tell it: with a state directory of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import contextmanager

import pytest

from provisioner.facts.frames import Frame
from provisioner.facts.journal import entry_in, host_journal
from provisioner.scripts.render import follow_script, launch_script, template_text
from tests.scripts.payload import payload
from tests.until import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="runs are root's")

CHANGES = (
    'printf "\\n@@%s start one\\n\\n@@%s ok one 3\\n\\n@@%s finished 0\\n" "$1" "$1" "$1"; echo x >>"$2/../../done"'
)
FAILS = 'printf "\\n@@%s start one\\n\\n@@%s fail one 1\\n\\n@@%s rollback done\\n\\n@@%s finished 1\\n" "$1" "$1" "$1" "$1"'


def entry(name):
    run, _, attempt = name.rpartition(".")
    return (
        f"run {run}",
        f"attempt {attempt}",
        "by me@here",
        "command mirror set",
        "began 1764230000",
        "step one ~ One",
    )


def launched(state, steps, name, nonce="n", *, known=(), resumes=()):
    run = name.rpartition(".")[0]
    script = launch_script(
        steps, nonce, run=name, holder=f"me, {name}", entry=entry(name), asked=(run, *resumes), known=known
    )
    return payload(script, state)


def ran(state, steps, name="r.a", shell=("sh",), nonce="n", **words):
    asked = launched(state, steps, name, nonce, **words)
    done = subprocess.run([*shell, "-s", nonce, "root"], input=asked, text=True, capture_output=True, check=False)
    return marks(done.stdout, nonce), done


def marks(text, nonce="n"):
    lines = re.findall(rf"(?m)^@@{nonce} (.*)", text)
    return [line for line in lines if not re.match(r"(begin|end|done|ended)\b", line)]


@contextmanager
def running(state, steps, name="r.a", nonce="first"):
    words = ["sh", "-s", nonce, "root"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write(launched(state, steps, name, nonce))
        process.stdin.close()
        until((state / "runs" / name / "pid").exists)
        yield process


def kept(state, name="r.a"):
    return entry_in(f"{name}\n{(state / 'journal' / name).read_text()}")


def asked(state, runs="r", shell=("sh",)):
    script = f"asked_runs='{runs}'\n" + template_text("facts.sh").replace("/var/lib/provisioner", str(state))
    done = subprocess.run([*shell, "-s", "n", "root"], input=script, text=True, capture_output=True, check=False)
    found = re.findall(r"(?s)@@n begin ([a-z-]+)\n(.*?)\n@@n end \1", done.stdout)
    return host_journal(Frame(*frame) for frame in found)


def test_an_entry_is_there_before_a_step_and_closed_with_what_came_of_it(state, shell):
    said, done = ran(state, f'cp "$2/../../journal/r.a" "$2/../../before"; {CHANGES}', shell=shell)
    assert done.stderr == ""
    assert said == ["start one", "ok one 3", "finished 0", "left 0"]
    assert (state / "before").read_text().splitlines() == list(entry("r.a"))
    found = kept(state)
    assert (found.ended, found.said) == ("changed", ("start one", "ok one 3", "finished 0"))
    assert (found.by, found.command, found.began) == ("me@here", "mirror set", 1764230000)
    assert (state / "journal/last").read_text() == "r.a\n"
    assert (state / "journal").stat().st_mode & 0o777 == 0o700
    journal = asked(state, shell=shell)
    assert journal.entries == (found,)
    assert (journal.last, journal.locked) == (found, False)


def test_a_repeat_hears_what_came_of_it_and_does_nothing(state, shell):
    first, _ = ran(state, CHANGES, shell=shell)
    for name in ("r.a", "r.b"):
        again, done = ran(state, CHANGES, name, shell=shell)
        assert again == ["told r.a", *first]
        assert "begin os-release" in done.stdout
    assert (state / "done").read_text() == "x\n"
    assert sorted(path.name for path in (state / "runs").iterdir()) == ["r.a"]


def test_what_was_rolled_back_is_told_to_whoever_has_not_seen_it_and_tried_again_by_others(state):
    first, _ = ran(state, FAILS)
    assert kept(state).ended == "rolled_back"
    assert ran(state, CHANGES)[0] == ["told r.a", *first]
    assert ran(state, CHANGES, "r.b", known=["r.a"])[0][-2:] == ["finished 0", "left 0"]
    assert kept(state, "r.b").ended == "changed"
    assert [entry.name for entry in asked(state).entries] == ["r.b", "r.a"]


def test_another_run_is_another_one_unless_it_resumes_this(state):
    ran(state, CHANGES)
    assert ran(state, CHANGES, "r.x.a")[0][0] == "start one"
    assert ran(state, CHANGES, "s.a", resumes=["q", "r"])[0][0] == "told r.a"
    assert ran(state, CHANGES, "s.a")[0][0] == "start one"
    assert [entry.name for entry in asked(state, "r").of(["r"])] == ["r.a"]


@pytest.mark.parametrize("second", ["r.a", "r.b"])
def test_a_run_that_goes_on_is_joined_with_the_nonce_it_has(state, tmp_path, second):
    with running(state, f"until [ -e {tmp_path}/go ]; do sleep 0.1; done; {CHANGES}") as first:
        assert asked(state).goes_on(asked(state).entries[0])
        words = ["sh", "-s", "n", "root"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as joining:
            joining.stdin.write(launched(state, CHANGES, second))
            joining.stdin.close()
            assert "@@n joins first r.a" in [joining.stdout.readline().strip() for _ in range(2)]
            (tmp_path / "go").touch()
            said = joining.stdout.read()
        assert marks(said, "first") == marks(first.stdout.read(), "first")
        assert marks(said, "first")[-2:] == ["finished 0", "left 0"]
    assert (state / "done").read_text() == "x\n"


def test_two_that_begin_at_once_change_it_once(state):
    words = ["sh", "-s", "n", "root"]
    both = []
    for name in ("r.a", "r.b"):
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        both.append((process, launched(state, f"sleep 1; {CHANGES}", name)))
    for process, script in both:
        process.stdin.write(script)
        process.stdin.close()
    for process, _ in both:
        with process:
            assert "@@n finished 0" in process.stdout.read()
    assert (state / "done").read_text() == "x\n"
    assert len(list((state / "journal").glob("r.*"))) == 1


def test_what_was_killed_was_cut_off_and_may_be_tried_again(state):
    with running(state, 'printf "\\n@@%s start one\\n" "$1"; : >"$2/begun"; sleep 30; :') as first:
        until((state / "runs/r.a/begun").exists)
        found = subprocess.run(["pgrep", "-f", f"{state}/runs/r.a/"], capture_output=True, text=True, check=True)
        for pid in found.stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        first.stdout.read()
    journal = asked(state)
    assert (kept(state).ended, journal.ended(journal.entries[0])) == ("", "cut_off")
    assert journal.entries[0].said == ("start one",)
    assert ran(state, CHANGES, "r.b")[0][0] == "start one"
    assert (kept(state).ended, kept(state).said) == ("cut_off", ("start one",))
    assert kept(state, "r.b").ended == "changed"


def test_steps_that_end_without_their_run_have_their_end_noted_by_the_next(state, tmp_path):
    with running(state, f": >{tmp_path}/begun; until [ -e {tmp_path}/go ]; do sleep 0.1; done; {CHANGES}") as first:
        until((tmp_path / "begun").exists)
        os.kill(int((state / "runs/r.a/pid").read_text().split()[0]), signal.SIGKILL)
        (tmp_path / "go").touch()
        first.stdout.read()
    assert asked(state).entries[0].said[-1] == "finished 0"
    assert ran(state, CHANGES, "r.b")[0][0] == "told r.a"
    assert (state / "done").read_text() == "x\n"


def test_an_entry_that_is_no_file_of_roots_is_passed_over(state, tmp_path):
    ran(state, CHANGES)
    (tmp_path / "secret").write_text("run r\nattempt x\noutcome changed\n")
    (state / "journal/r.x").symlink_to(tmp_path / "secret")
    os.mkfifo(state / "journal/r.y")
    (state / "journal/last").write_text("../../secret\n")
    journal = asked(state)
    assert [entry.name for entry in journal.entries] == ["r.a"]
    assert journal.last is None
    assert ran(state, CHANGES, "r.b", known=["r.a"])[0][0] == "start one"


def test_two_hundred_entries_are_kept(state):
    ran(state, CHANGES)
    for number in range(230):
        path = state / f"journal/old.{number}"
        path.write_text("")
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    ran(state, CHANGES, "r.b", known=["r.a"])
    left = {path.name for path in (state / "journal").glob("*.*")}
    assert len(left) == 200
    assert {"r.a", "r.b", "old.229"} <= left
    assert "old.0" not in left


@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_without_room_for_the_entry_nothing_is_begun(state, trouble):
    state.mkdir(mode=0o700)
    size = "1m" if trouble == "read-only" else "220k"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", state], check=True)
    try:
        if trouble == "read-only":
            subprocess.run(["mount", "-o", "remount,ro", state], check=True)
        else:
            subprocess.run(["sh", "-c", f"yes >{state}/filler 2>/dev/null; :"], check=True)
        said, _ = ran(state, CHANGES)
    finally:
        subprocess.run(["umount", state], check=True)
    assert len(said) == 1
    assert said[0].startswith("error ")
    assert "nothing was begun" in said[0]
    assert re.search(r"(df -h|findmnt -T) /", said[0])


def test_a_run_that_is_joined_later_is_told_with_its_own_nonce(state):
    ran(state, CHANGES, nonce="first")
    script = payload(follow_script("n", run="r.a"), state)
    done = subprocess.run(["sh", "-s", "n", "root"], input=script, text=True, capture_output=True, check=False)
    assert "@@n joins first r.a" in done.stdout
    assert "@@first finished 0" in done.stdout


def test_a_run_that_only_tells_what_the_host_is_like_now_is_joined(state, tmp_path):
    """Its entry is closed and the lock is free, and yet it has not ended."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "uname").write_text(f"#!/bin/sh\n: >{tmp_path}/asked; until [ -e {tmp_path}/go ]; do sleep 0.1; done\n")
    (tools / "uname").chmod(0o755)
    words = ["sh", "-s", "first", "root"]
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as first:
        first.stdin.write(launched(state, CHANGES, "r.a", "first"))
        first.stdin.close()
        until((tmp_path / "asked").exists)
        assert kept(state).ended == "changed"
        words = ["sh", "-s", "n", "root"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as joining:
            joining.stdin.write(launched(state, CHANGES, "r.b"))
            joining.stdin.close()
            assert "@@n joins first r.a" in [joining.stdout.readline().strip() for _ in range(2)]
            (tmp_path / "go").touch()
            assert marks(joining.stdout.read(), "first")[-2:] == ["finished 0", "left 0"]
        first.stdout.read()
    assert (state / "done").read_text() == "x\n"


@pytest.mark.parametrize("what", ["directory", "link", "file"])
def test_a_journal_that_another_account_has_put_there_is_refused(state, what):
    state.mkdir(mode=0o700)
    place = state / "journal"
    if what == "directory":
        place.mkdir()
    elif what == "link":
        place.symlink_to("/tmp")
    else:
        place.write_text("")
    os.chown(place, 65534, 65534, follow_symlinks=False)
    (said,) = ran(state, CHANGES)[0]
    assert said.startswith(f"error {place} must be a directory that belongs to root, and no link; nothing was begun")
    assert asked(state).entries == ()
    assert not (state / "done").exists()
