from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

from provisioner.errors import ApplyError, SkippedError, UsageError
from provisioner.masking import masked_words
from provisioner.runs import history, history_store
from provisioner.runs.history import Journal, fingerprint, to_resume
from provisioner.runs.outcome import Outcome
from provisioner.runs.resumed import resumed_runs, whole
from provisioner.runs.run_name import run_name
from provisioner.wanted.spec import Spec
from tests.hosts import INFO, RUNNING

SPEC = Spec(registry_mirrors=("https://m.example",))
RUNNING_MIRRORED = replace(RUNNING, engine=replace(RUNNING.engine, info=replace(INFO, mirrors=("https://m.example",))))


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def refuse(text):
    pytest.fail(text)


def wanted(*names, spec=SPEC):
    return dict.fromkeys(names, spec)


def written(command="apply", hosts=None, *outcomes, end=True, warn=refuse, argv=("apply",), resumes=None):
    journal = Journal(command, argv, hosts or wanted("a", "b"), warn=warn, resumes=resumes)
    for outcome in outcomes:
        journal.add(outcome)
    if end:
        journal.end()
    return journal.run


def done(name):
    return Outcome(name, "changed", facts=RUNNING_MIRRORED, timings={"look": 1.0, "change": 2.0})


def failed(name):
    return Outcome(name, "failed", error=ApplyError("no room\nlast words", hint="make some"))


def test_a_run_comes_back_as_it_was_written():
    name = written("apply", None, done("b"), failed("a"), argv=["apply", "--yes"])
    run = history.run(name)
    assert (run.id, run.command, run.argv, run.resumes) == (name, "apply", ("apply", "--yes"), None)
    assert run.ended >= run.started
    assert run.counts == {"changed": 1, "failed": 1}
    a, b = run.hosts
    assert (a.name, a.status, a.done, a.error, a.hint, a.exit_code) == (
        "a",
        "failed",
        False,
        "no room\nlast words",
        "make some",
        6,
    )
    assert (b.status, b.done, b.docker_version, b.registry_mirrors, b.seconds) == (
        "changed",
        True,
        "26.1.5",
        ("https://m.example",),
        3.0,
    )


def test_a_run_that_is_begun_again_by_its_name_goes_on():
    first = Journal("apply", ["apply"], wanted("a", "b"), warn=refuse, run="ci-7.2")
    first.add(done("a"))
    first.end()
    second = Journal("apply", ["apply"], wanted("b", "c"), warn=refuse, run="ci-7.2")
    run = history.run("ci-7.2")
    assert (run.ended, run.counts) == (None, {"changed": 1, "pending": 2})
    second.add(failed("b"))
    second.add(done("c"))
    second.end()
    assert {host.name: host.status for host in history.run("ci-7.2").hosts} == {
        "a": "changed",
        "b": "failed",
        "c": "changed",
    }
    assert len(history.runs()) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "-x", "a/b", "a b", "a\n", "ü", "x" * 81, "$(id)", "'"])
def test_what_cannot_be_a_directory_is_no_name_of_a_run(name):
    with pytest.raises(UsageError, match="cannot be the name of a run"):
        run_name(name)


def test_a_run_goes_on_with_all_that_were_resumed_before_it(state):
    first = written()
    second = written(resumes=first)
    third = written(resumes=second)
    assert resumed_runs(third) == (third, second, first)
    assert resumed_runs(first) == (first,)
    history_store.path().write_text("no database")
    assert resumed_runs(None) == ()


def test_of_a_run_that_was_resumed_what_changed_is_not_lost():
    hosts = wanted("a", "b", "c", "d")
    left_out = [Outcome(name, "skipped", note="done in run x") for name in "ab"]
    first = written("apply", hosts, done("a"), failed("b"), failed("c"), end=False)
    second = written("apply", hosts, left_out[0], done("b"), failed("c"), failed("d"), resumes=first)
    third = written("apply", wanted("a", "b", "c"), *left_out, done("c"), resumes=second)
    found = whole(history.run(third))
    assert [(host.name, host.status, host.exit_code) for host in found.hosts] == [
        (name, "changed", 0) for name in ("a", "b", "c")
    ]
    assert (found.counts, found.exit_codes) == ({"changed": 3}, (0, 0, 0))
    assert whole(history.run(first)).hosts == history.run(first).hosts


def test_names_of_runs_sort_by_time():
    first, second = written(), written()
    assert [run.id for run in history.runs()] == [second, first]
    assert history.run("last").id == second
    assert history.run(first[-6:]).id == first
    assert first[:15] <= second[:15]


def test_a_name_that_fits_two_runs_is_refused():
    written(), written()
    with pytest.raises(UsageError, match="2 runs"):
        history.run("20")
    with pytest.raises(UsageError, match="no run x"):
        history.run("x")


def test_a_crash_loses_no_host_that_was_done():
    script = textwrap.dedent("""
        import os
        from provisioner.runs.history import Journal
        from provisioner.runs.outcome import Outcome
        from provisioner.wanted.spec import Spec
        journal = Journal("apply", [], {"a": Spec(), "b": Spec()}, warn=print)
        journal.add(Outcome("a", "changed"))
        os._exit(9)
    """)
    subprocess.run([sys.executable, "-c", script], check=False, env=os.environ)
    run = history.run("last")
    assert run.ended is None
    assert run.counts == {"changed": 1, "pending": 1}


def test_only_so_many_runs_are_kept(monkeypatch):
    monkeypatch.setattr(history, "KEPT", 3)
    names = [written("apply", None, done("a")) for _ in range(5)]
    assert [run.id for run in history.runs()] == names[:1:-1]
    with sqlite3.connect(history_store.path()) as database:
        assert database.execute("SELECT count(*) FROM hosts").fetchone() == (6,)
    database.close()


def test_there_may_be_no_history():
    assert history.runs() == []


@pytest.mark.parametrize("trouble", ["garbage", "directory", "file above", "newer"])
def test_a_broken_journal_is_one_warning(state, trouble):
    file = state / "provisioner" / "history.db"
    if trouble == "file above":
        state.write_text("")
    else:
        file.parent.mkdir(parents=True)
    if trouble == "garbage":
        file.write_bytes(b"no database at all" * 100)
    elif trouble == "directory":
        file.mkdir()
    elif trouble == "newer":
        with sqlite3.connect(file) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    heard = []
    assert written("apply", None, done("a"), done("b"), warn=heard.append)
    assert len(heard) == 1
    assert "will not be in the history" in heard[0]
    if trouble != "file above":
        with pytest.raises(UsageError):
            history.runs()


def test_a_journal_that_breaks_meanwhile_is_one_warning():
    heard = []
    journal = Journal("apply", [], wanted("a", "b"), warn=heard.append)
    with sqlite3.connect(history_store.path()) as database:
        database.execute("DROP TABLE hosts")
    database.close()
    journal.add(done("a"))
    journal.add(done("b"))
    journal.end()
    assert len(heard) == 1


def test_resume_leaves_out_what_is_done():
    name = written("apply", wanted("a", "b", "c"), done("a"), failed("b"), end=False)
    assert to_resume("apply", wanted("a", "b", "c")) == (name, {"a"})


def test_a_resumed_run_can_be_resumed():
    written("apply", wanted("a", "b"), done("a"), failed("b"))
    second = written("apply", wanted("a", "b"), Outcome("a", "skipped", note="done in run x"), failed("b"))
    assert to_resume("apply", wanted("a", "b")) == (second, {"a"})


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        pytest.param("mirror set", wanted("a", "b"), id="another command"),
        pytest.param("apply", wanted("a", "b", spec=Spec()), id="another wanted state"),
        pytest.param("apply", wanted("x"), id="other hosts"),
    ],
)
def test_nothing_to_resume(command, asked):
    written("apply", wanted("a", "b"), done("a"))
    with pytest.raises(UsageError, match="nothing to resume"):
        to_resume(command, asked)


def test_of_a_run_that_finished_everything_nothing_is_left():
    run = written("apply", wanted("a"), done("a"))
    assert to_resume("apply", wanted("a")) == (run, {"a"})


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("a", "planned"),
        Outcome("a", "cancelled", error=SkippedError("x")),
        Outcome("a", "skipped", error=SkippedError("x")),
        failed("a"),
    ],
    ids=lambda outcome: outcome.status,
)
def test_what_is_not_done(outcome):
    written("apply", wanted("a", "b"), outcome)
    assert to_resume("apply", wanted("a", "b"))[1] == set()


def test_the_wanted_state_has_one_fingerprint():
    one, other = Spec(daemon={"a": 1, "b": 2}), Spec(daemon={"b": 2, "a": 1})
    assert fingerprint(one) == fingerprint(other) == fingerprint(one, other, one)
    assert fingerprint(one) != fingerprint(Spec())


def test_undecodable_bytes_of_a_host_are_kept():
    written("apply", wanted("a"), Outcome("a", "failed", error=ApplyError("caf\udce9")))
    assert history.run("last").hosts[0].error == "caf\\udce9"


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        (["--daemon", "debug=true"], ["--daemon", "debug=true"]),
        (["--daemon", 'log-opts={"token":"s"}'], ["--daemon", "log-opts=***"]),
        (['--daemon=proxies={"x":"http://u:p@h"}'], ["--daemon=proxies=***"]),
        (["--daemon", "max-concurrent-downloads=3"], ["--daemon", "max-concurrent-downloads=3"]),
        (["--source", "https://u:s@h/x"], ["--source", "https://***@h/x"]),
        (["root@web01:22"], ["root@web01:22"]),
    ],
)
def test_the_command_line_is_kept_without_secrets(word, kept):
    assert masked_words(word) == kept


def modes(state):
    folder = state / "provisioner"
    return [path.stat().st_mode & 0o777 for path in (folder, *sorted(folder.iterdir()))]


def test_only_its_owner_reads_the_history(state):
    before = os.umask(0)
    try:
        written(end=False)
        assert modes(state) == [0o700, 0o600, 0o600, 0o600]
    finally:
        os.umask(before)


@pytest.mark.parametrize("work", [written, history.runs], ids=["writing", "reading"])
def test_a_history_that_others_could_read_is_theirs_no_longer(state, work):
    written("apply", None, done("a"), end=False)
    folder = state / "provisioner"
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    work()
    assert set(modes(state)[1:]) == {0o600}
    assert modes(state)[0] == 0o700


def test_secrets_do_not_reach_the_history(state):
    info = replace(INFO, version="1 token=s3cr3t", mirrors=("https://me:s3cr3t@m.example",))
    facts = replace(RUNNING, engine=replace(RUNNING.engine, info=info))
    outcomes = [
        Outcome("a", "failed", facts, error=ApplyError("token=s3cr3t", hint="http://me:s3cr3t@p")),
        Outcome("b", "converged", facts, note="https://m.example/x?s3cr3t"),
    ]
    written("apply", None, *outcomes, argv=["apply", "--source", "https://m.example/?s3cr3t"])
    for path in (state / "provisioner").iterdir():
        assert b"s3cr3t" not in path.read_bytes()
    assert history.run("last").hosts[0].registry_mirrors == ("https://***@m.example",)


def test_odd_values_of_one_host_lose_nobody_elses_history():
    odd = replace(INFO, version=10**400, mirrors=(5, None, "\ud800"))
    facts = replace(RUNNING, engine=replace(RUNNING.engine, info=odd))
    written("apply", None, Outcome("a", "changed", facts), done("b"))
    a, b = history.run("last").hosts
    assert (a.status, a.registry_mirrors, b.status) == ("changed", ("5", "None", "\ud800"), "changed")


def test_a_relative_state_directory_is_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert history_store.path() == tmp_path / ".local/state/provisioner/history.db"
