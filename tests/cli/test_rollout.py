"""Whole rollouts over hosts that answer from memory."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from provisioner.cli.options import ReportedOutput, Rollout
from provisioner.cli.rollout import roll_out
from provisioner.errors import UsageError
from provisioner.runs import history, rollout_work
from provisioner.runs.target import Target
from provisioner.wanted.spec import Spec
from tests.fake_host import NEW, OLD, FakeHost, Remembering, entry, target


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["provisioner", "mirror", "set"])


@pytest.fixture
def terminal(monkeypatch):
    """Call it with what the person there types."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    return lambda typed: monkeypatch.setattr("sys.stdin", Terminal(typed))


@pytest.fixture
def go(capsys):
    """Roll out over hosts; returns exit code, the hosts' statuses, the envelope and what was said on stderr."""

    def go(hosts, *, forks=50, report=None, quiet=False, **options):
        output = ReportedOutput(as_json=True, quiet=quiet, report=report)
        options = {"yes": True} | options
        with pytest.raises(typer.Exit) as ended:
            raise typer.Exit(
                roll_out("mirror set", [target(host) for host in hosts], Rollout(**options), output, forks=forks)
            )
        said = capsys.readouterr()
        document = json.loads(said.out)
        statuses = [host["status"] for host in document["hosts"]]
        return ended.value.exit_code, statuses, document, said.err

    return go


def fleet(number, **troubles):
    return [FakeHost(f"web{index}", trouble=troubles.get(f"web{index}", "")) for index in range(number)]


def test_all_hosts_change(go):
    hosts = fleet(5)
    code, statuses, document, _ = go(hosts, forks=2)
    assert (code, statuses, document["status"]) == (0, ["changed"] * 5, "ok")
    assert {host.mirror for host in hosts} == {NEW}
    assert document["run"] == history.run("last").id


def test_with_yes_a_host_goes_straight_through_over_one_connection(go):
    hosts = fleet(3)
    go(hosts)
    assert [(host.asked, host.changed, host.connections, host.connected) for host in hosts] == [(1, 1, 1, False)] * 3


def test_a_mirror_that_is_new_to_a_host_is_asked_there_in_one_script_more():
    hosts = [FakeHost("web0", OLD), FakeHost("web1", NEW)]
    targets = [replace(target(host), force=False) for host in hosts]
    roll_out("mirror set", targets, Rollout(yes=True), ReportedOutput(), forks=2)
    assert [(host.asked, host.changed) for host in hosts] == [(2, 1), (1, 0)]


def test_nothing_to_do_is_one_question(go):
    hosts = [FakeHost("web0", NEW), FakeHost("web1", NEW)]
    code, statuses, _, _ = go(hosts)
    assert (code, statuses) == (0, ["converged"] * 2)
    assert [(host.asked, host.changed) for host in hosts] == [(1, 0)] * 2


def test_one_hosts_trouble_is_its_own(go):
    hosts = fleet(6, web0="unreachable", web2="fails", web4="bug")
    code, statuses, document, _ = go(hosts)
    assert statuses == ["unreachable", "changed", "rolled_back", "changed", "failed", "changed"]
    assert (code, document["status"]) == (70, "partial")
    assert "the details are in" in document["hosts"][4]["error"]["hint"]
    assert document["hosts"][2]["error"]["exit_code"] == 6


def test_a_bugs_log_has_the_traceback(go):
    _, _, document, _ = go(fleet(2, web1="bug"))
    log = document["hosts"][1]["error"]["hint"].split("details are in ")[1].partition(";")[0]
    text = Path(log).read_text()
    assert "web1" in text
    assert "RuntimeError: nobody expected this" in text


@pytest.mark.parametrize("trouble", ["unreachable", "fails", "bug"])
def test_a_canary_that_fails_leaves_the_others_untouched(go, trouble):
    hosts = fleet(4, web0=trouble)
    _, statuses, document, _ = go(hosts, canary=1)
    assert statuses[1:] == ["skipped"] * 3
    assert sum(host.changed for host in hosts[1:]) == 0
    assert "the canary web0 failed" in document["hosts"][3]["error"]["message"]
    assert not any(host.connected for host in hosts)


def test_the_canary_is_a_host_that_changes(go):
    hosts = [FakeHost("web0", NEW), FakeHost("web1", trouble="fails"), FakeHost("web2")]
    _, statuses, _, _ = go(hosts, canary=1)
    assert statuses == ["converged", "rolled_back", "skipped"]


def test_batches_follow_the_order_of_the_hosts(go):
    hosts = fleet(6)
    go(hosts, canary=1, batch="40%")
    times = [host.changed_at for host in hosts]
    assert times[0] < min(times[1:])
    assert max(times[1:4]) < min(times[4:])


def test_no_more_than_so_many_failures(go):
    hosts = fleet(6, web0="fails", web1="unreachable")
    code, statuses, _, _ = go(hosts, forks=1, max_failures="2")
    assert statuses == ["rolled_back", "unreachable", *["skipped"] * 4]
    assert code == 6
    assert sum(host.asked for host in hosts[2:]) == 0


def test_failures_of_the_look_count_before_anything_changes(go, terminal):
    terminal("")
    hosts = fleet(4, web2="unreachable", web3="unreachable")
    _, statuses, _, said = go(hosts, yes=False, max_failures="50%")
    assert statuses == ["skipped", "skipped", "unreachable", "unreachable"]
    assert "Go on?" not in said


def test_a_question_is_asked_once_with_all_that_would_happen(go, terminal):
    terminal("y\n")
    hosts = [*fleet(3), FakeHost("web3", NEW), FakeHost("web4", trouble="unreachable")]
    _, statuses, _, said = go(hosts, yes=False)
    assert statuses == ["changed"] * 3 + ["converged", "unreachable"]
    assert "3 of 5 hosts change, no engine restarts. 1 failed and is left out." in said
    assert said.count("set registry-mirrors\n") == 1
    assert "  web0 web1 web2\n" in said


@pytest.mark.parametrize("answer", ["n\n", "", "\n", "what\n"])
def test_anything_but_yes_changes_nothing(go, terminal, answer):
    terminal(answer)
    hosts = fleet(2)
    code, statuses, _, said = go(hosts, yes=False)
    assert (code, statuses) == (0, ["planned"] * 2)
    assert "nothing was changed" in said
    assert not any(host.changed or host.connected for host in hosts)


def test_connections_stay_open_while_there_are_forks_for_them(go, terminal):
    terminal("y\n")
    few, many = fleet(2), fleet(3)
    go(few, yes=False, forks=2)
    terminal("y\n")
    go(many, yes=False, forks=2)
    assert [host.connections for host in few] == [1, 1]
    assert [host.connections for host in many] == [2, 2, 2]
    assert not any(host.connected for host in [*few, *many])


def test_an_idle_connection_is_opened_anew(go, terminal, monkeypatch):
    monkeypatch.setattr(rollout_work, "STALE", 0.0)
    terminal("y\n")
    hosts = fleet(1)
    go(hosts, yes=False)
    assert hosts[0].connections == 2


def test_without_a_terminal_nobody_is_contacted(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    host = FakeHost("web0")
    with pytest.raises(UsageError, match="no terminal"):
        roll_out("mirror set", [target(host)], Rollout(), ReportedOutput(), forks=1)
    assert host.asked == 0


@pytest.mark.parametrize("options", [{"batch": "0"}, {"max_failures": "x"}, {"resume": True}], ids="".join)
def test_wrong_options_contact_nobody(options):
    host = FakeHost("web0")
    with pytest.raises(UsageError):
        roll_out("mirror set", [target(host)], Rollout(yes=True, **options), ReportedOutput(), forks=1)
    assert host.asked == 0


def test_a_report_that_cannot_be_written_contacts_nobody(tmp_path):
    host = FakeHost("web0")
    for path in (tmp_path / "no" / "x.html", tmp_path):
        with pytest.raises(UsageError, match="--report"):
            roll_out("mirror set", [target(host)], Rollout(yes=True), ReportedOutput(report=str(path)), forks=1)
    assert host.asked == 0


def test_the_report_is_written_when_hosts_fail_too(go, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("the last one")
    path.chmod(0o640)
    go(fleet(2, web1="fails"), report=str(path))
    text = path.read_text()
    assert "it says why not" in text
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir() if "report" in file.name] == ["report.html"]


def test_nobody_is_asked_when_all_that_would_change_is_blocked(capsys, terminal):
    terminal("")
    host = FakeHost("web0", containers=3)
    blocked = Target(host, Spec(daemon={"storage-driver": "vfs"}, install=False))
    with pytest.raises(typer.Exit) as ended:
        raise typer.Exit(roll_out("apply", [blocked], Rollout(), ReportedOutput(), forks=1))
    said = capsys.readouterr()
    assert ended.value.exit_code == 8
    assert "would stop 3 running containers" in said.out
    assert "--allow-restart" in said.out
    assert "Go on?" not in said.err


def test_resume_goes_on_where_the_last_run_stopped(go):
    hosts = fleet(3, web1="fails")
    go(hosts)
    hosts[1].trouble = ""
    asked = [host.asked for host in hosts]
    code, statuses, document, said = go(hosts, resume=True)
    assert (code, statuses, document["status"]) == (0, ["skipped", "changed", "skipped"], "ok")
    assert hosts[1].asked == asked[1] + 1
    assert hosts[0].asked == asked[0]
    first = history.run("last").resumes
    assert f"resuming run {first}: 2 of 3 hosts are done" in said
    asked = [host.asked for host in hosts]
    code, statuses, document, said = go(hosts, resume=True)
    assert (code, statuses, document["status"]) == (0, ["skipped"] * 3, "ok")
    assert [host.asked for host in hosts] == asked
    assert "3 of 3 hosts are done" in said


def test_resume_keeps_the_brakes_that_a_run_began_with(go, monkeypatch):
    monkeypatch.setattr("sys.argv", ["provisioner", "mirror", "set", "--canary", "1", "--max-failures=1"])
    hosts = fleet(4, web0="fails", web1="fails")
    assert go(hosts, canary=1, max_failures="1")[1] == ["rolled_back", "skipped", "skipped", "skipped"]
    monkeypatch.setattr("sys.argv", ["provisioner", "mirror", "set", "--resume"])
    for _ in range(2):
        _, statuses, _, said = go(hosts, resume=True)
        assert statuses == ["rolled_back", "skipped", "skipped", "skipped"]
        assert "its brakes: --canary 1 --max-failures 1" in said
    hosts[0].trouble = ""
    _, statuses, _, said = go(hosts, resume=True, max_failures="3")
    assert statuses == ["changed", "rolled_back", "changed", "changed"]
    assert "its brakes: --max-failures 3" in said


def test_the_history_has_what_the_result_says(go):
    go(fleet(3, web1="fails", web2="unreachable"))
    run = history.run("last")
    assert run.argv == ("mirror", "set")
    assert [(host.name, host.status, host.changed, host.registry_mirrors) for host in run.hosts] == [
        ("web0", "changed", True, (NEW,)),
        ("web1", "rolled_back", False, ("https://old.example",)),
        ("web2", "unreachable", False, ()),
    ]


def test_ctrl_c_reports_what_was_done_and_what_was_not(go):
    hosts = fleet(4, web1="hangs")
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    code, statuses, _, said = go(hosts, forks=1)
    hosts[1].hold.set()
    assert time.monotonic() - began < 20
    assert (code, statuses) == (130, ["changed", "cancelled", "cancelled", "cancelled"])
    assert "1 host in progress" in said
    run = history.run("last")
    assert run.counts == {"changed": 1, "cancelled": 3}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_who_asks_us_to_end_gets_what_ctrl_c_gets(go, tmp_path, number):
    hosts = fleet(4, web1="hangs")
    threading.Timer(1.0, os.kill, (os.getpid(), number)).start()
    code, statuses, _, said = go(hosts, forks=1, report=str(tmp_path / "report.html"))
    hosts[1].hold.set()
    assert (code, statuses) == (130, ["changed", "cancelled", "cancelled", "cancelled"])
    assert "1 host in progress" in said
    assert history.run("last").counts == {"changed": 1, "cancelled": 3}
    assert [file.name for file in tmp_path.iterdir() if "report" in file.name] == ["report.html"]
    assert signal.getsignal(number) is signal.SIG_DFL


def test_quiet_says_nothing(go):
    _, _, _, said = go(fleet(3, web1="fails"), quiet=True)
    assert said == ""


def test_a_broken_history_is_one_warning(go, tmp_path):
    (tmp_path / "provisioner").write_text("not a directory")
    code, _, _, said = go(fleet(2))
    assert code == 0
    assert said.count("warning: this run will not be in the history") == 1


@pytest.mark.parametrize("brakes", [{}, {"batch": "1"}], ids=["at once", "in batches"])
def test_resume_hears_from_hosts_what_nobody_heard_before(go, brakes):
    """Of a controller that was killed: one host had told its end, one has ended since, one goes on, one never began."""
    began = [FakeHost("told"), *(FakeHost(name, trouble="unreachable") for name in ("ended", "going", "idle"))]
    go(began, **brakes)
    run = history.run("last").id
    well = "said start daemon-config\nsaid ok daemon-config 1\nsaid finished 0\n"
    ended = Remembering(entry(f"{run}.a", well, "changed"), mirror=NEW)
    going = Remembering(entry(f"{run}.a"), locked=True, joined=["@@first ok daemon-config 1", "@@first finished 0"])
    idle = FakeHost("idle")
    ended.name, going.name = "ended", "going"
    code, statuses, document, _ = go([began[0], ended, going, idle], resume=True)
    assert (code, statuses) == (0, ["skipped", "changed", "changed", "changed"])
    assert [host["changed"] for host in document["hosts"]] == [False, True, True, True]
    assert [host.changed for host in (began[0], ended, going, idle)] == [1, 0, 0, 1]
    assert [host.get("earlier") for host in document["hosts"]] == [
        None,
        f"done by run {run} before, begun by me@here",
        f"run {run} was going on here, begun by me@here",
        None,
    ]
    assert history.run("last").counts == {"skipped": 1, "changed": 3}
    again = go([began[0], ended, going, idle], resume=True)
    assert (again[0], again[1]) == (0, ["skipped"] * 4)


def test_a_host_that_is_known_to_be_changed_is_asked_no_question(go, terminal):
    terminal("")
    began = [FakeHost("one", trouble="unreachable")]
    go(began)
    run = history.run("last").id
    host = Remembering(entry(f"{run}.a", "said ok daemon-config 1\nsaid finished 0\n", "changed"), mirror=NEW)
    host.name = "one"
    code, statuses, _, said = go([host], resume=True, yes=False)
    assert (code, statuses, host.changed) == (0, ["changed"], 0)
    assert "[y/N]" not in said
