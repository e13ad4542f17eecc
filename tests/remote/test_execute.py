"""What is said of a run whose connection broke, whose host says too much, or nonsense."""

from __future__ import annotations

import re
import time

import pytest

from provisioner.errors import (
    AnswerTooLongError,
    ApplyError,
    BlockedError,
    ConnectionLostError,
    FactsError,
    PrivilegeError,
    UnreachableError,
)
from provisioner.plan.model import Plan, Step
from provisioner.remote.execute import execute
from provisioner.transports import limits
from provisioner.transports.base import Completed
from provisioner.transports.local import LocalTransport

PLAN = Plan(
    "web01", "p", "s", steps=(Step("one", "", "", "+", "remove_group"), Step("two", "", "", "+", "remove_group"))
)
LOST = ConnectionLostError("web01: the connection was lost")
REFUSED = ["@@N begin login", "@@N refused password"]
UNKNOWN = ["@@N unknown-run r"]
WHOLE = ["@@N start one", "@@N ok one 3", "@@N start two", "@@N ok two 4", "@@N finished 0"]


class Host:
    """Each call answers with the next of `answers`: lines, the last of which may be an error; N is the nonce."""

    become_method = ""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.name = "web01"

    def connect(self):
        pass

    def close(self):
        pass

    def run(self, script, *, timeout, on_line=None):
        nonce = re.search(r"(?m)^N=(\w+)$", script)[1]
        said = []
        for line in self.answers.pop(0):
            if isinstance(line, Exception):
                raise line
            said.append(line.replace("@@N", f"@@{nonce}"))
            on_line(said[-1])
        return Completed(0, "\n".join(said), "")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)


def run(*answers):
    return execute(Host(*answers), PLAN, become_password=None, on_step=lambda _step, _what: None)


def statuses(results):
    return [result.status for result in results]


@pytest.mark.parametrize(
    ("heard", "expected", "said"),
    [
        pytest.param(WHOLE[:3], ["ok", "failed"], "goes on there by itself", id="in the second step"),
        pytest.param(WHOLE[:2], ["ok", "not run"], "goes on there by itself", id="between steps"),
        pytest.param([], ["not run", "not run"], "was not heard; if it has", id="nothing"),
    ],
)
def test_a_run_that_is_out_of_sight_is_not_called_harmless(heard, expected, said):
    """sudo was taken away in its middle."""
    ended = run([*heard, LOST], REFUSED)
    assert isinstance(ended.error, PrivilegeError)
    assert said in ended.error.message
    assert "was not seen" in ended.error.message
    assert "nothing was changed" not in ended.error.message
    assert "/var/lib/provisioner/runs/" in ended.error.hint
    assert (statuses(ended.results), ended.rolled_back) == (expected, False)


def test_sudo_that_refuses_from_the_start_has_changed_nothing():
    with pytest.raises(PrivilegeError, match="nothing was changed"):
        run(REFUSED)


def test_a_run_that_had_not_begun_is_said_to_be_so():
    with pytest.raises(ConnectionLostError, match="had not begun on the host, and will not; nothing was changed"):
        run([LOST], UNKNOWN)


def test_a_host_that_stays_away_is_told_of_with_what_was_heard_last():
    away = [UnreachableError("web01: nobody there")]
    with pytest.raises(ConnectionLostError, match=r"^web01: the connection was lost. The run \S+ goes on there") as one:
        run([*WHOLE[:3], LOST], *[away] * 5)
    assert "/log on the host" in one.value.hint
    with pytest.raises(ConnectionLostError, match="was not heard"):
        run([LOST], *[away] * 5)
    with pytest.raises(ConnectionLostError, match="goes on there by itself"):
        run([LOST], [*WHOLE[:3], LOST], *[away] * 4)


def test_joining_takes_no_longer_than_a_run_may(monkeypatch):
    hours = iter(range(0, 10_000, 2))
    monkeypatch.setattr(time, "monotonic", lambda: 3600.0 * next(hours))
    with pytest.raises(ConnectionLostError, match="goes on there by itself"):
        run([*WHOLE[:3], LOST], *[[LOST]] * 5)


TOO_MUCH = {
    "markers": ["@@N start one", *(f"@@N note {number}" for number in range(limits.MARKERS))],
    "chatter": ["z" * 100_000] * 50,
    "a transport's limit": [AnswerTooLongError("web01: it printed more than 12 MiB", hint="look there")],
}


@pytest.mark.parametrize("lines", TOO_MUCH.values(), ids=TOO_MUCH)
@pytest.mark.parametrize("when", ["at first", "when it is joined again"])
def test_a_host_that_says_too_much_is_left_alone(lines, when):
    answers = ([*WHOLE[:1], *lines],) if when == "at first" else ([*WHOLE[:1], LOST], lines)
    with pytest.raises(AnswerTooLongError, match=r"web01: it printed more than .* goes on there by itself") as one:
        run(*answers)
    assert "look at /var/lib/provisioner/runs/" in one.value.hint


def test_of_a_steps_chatter_its_end_is_kept():
    chatter = [f"{number} {'x' * 99}" for number in range(30_000)]
    ended = run(["@@N start one", *chatter, "y" * (limits.STEP_LOG * 3), "why", "@@N fail one 1", "@@N finished 1"])
    assert ended.results[0].log.endswith("y\nwhy")
    assert len(ended.results[0].log) <= limits.STEP_LOG + 4
    ended = run(["@@N start one", *chatter, "@@N fail one 1", "@@N finished 1"])
    assert ended.results[0].log.endswith("\n".join(chatter[-500:]))
    assert len(ended.results[0].log) <= limits.STEP_LOG


@pytest.mark.parametrize("number", ["", "x", "9" * 5000, "²", "٣", "1e9", "-1", "1" * 16])
def test_odd_numbers_of_seconds_are_none(number):
    (one, _) = run(["@@N start one", f"@@N ok one {number}", "@@N finished 0"]).results
    assert (one.status, one.seconds) == ("ok", 0.0)


def test_results_stay_when_the_facts_after_the_run_cannot_be_read():
    ended = run([*WHOLE, "@@N begin uname", "@@N left 0"])
    assert statuses(ended.results) == ["ok", "ok"]
    assert isinstance(ended.error, FactsError)


def test_a_run_that_was_cut_off_is_a_failure_that_says_so():
    ended = run([*WHOLE[:3], "@@N error the run was cut off: the host was started again since"])
    assert isinstance(ended.error, ApplyError)
    assert "started again" in ended.error.message
    assert not ended.rolled_back


def test_a_real_host_that_spews_markers_costs_little():
    class Spewing(LocalTransport):
        def run(self, script, *, timeout, on_line=None):
            nonce = re.search(r"(?m)^N=(\w+)$", script)[1]
            return super().run(f"yes '@@{nonce} note again and again'", timeout=timeout, on_line=on_line)

    began = time.monotonic()
    with pytest.raises(AnswerTooLongError, match="more than 5000 markers"):
        execute(Spewing("web01"), PLAN, become_password=None, on_step=lambda _step, _what: None)
    assert time.monotonic() - began < 10


LOCKED = "@@N locked apt-get (pid 7) holds /var/lib/dpkg/lock"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([LOCKED], id="at once"),
        pytest.param(["@@N start one", LOCKED, "@@N fail one 75", "@@N finished 75"], id="in the first step"),
        pytest.param([*WHOLE[:3], LOCKED, "@@N rollback done", "@@N finished 75"], id="and everything is back"),
    ],
)
def test_a_lock_that_somebody_holds_blocks(lines):
    with pytest.raises(BlockedError, match="locked: apt-get"):
        run(lines)


@pytest.mark.parametrize("rollback", [["@@N rollback failed"], []], ids=["failed", "none"])
def test_a_lock_that_comes_in_the_middle_hides_no_change(rollback):
    ended = run([*WHOLE[:3], LOCKED, "@@N fail two 75", *rollback, "@@N finished 75"])
    assert isinstance(ended.error, ApplyError)
    assert "locked: apt-get" in ended.error.message
    assert ("The way back failed" in ended.error.message) == bool(rollback)
    assert (statuses(ended.results), ended.rolled_back) == (["ok", "failed"], False)


THEIRS = ["@@0f start one", "@@0f ok one 3", "@@0f start other", "@@0f ok other 4"]


def test_an_attempt_that_somebody_else_began_is_heard_with_its_own_nonce_and_steps():
    ended = run(["@@N joins 0f r.b", *THEIRS, "@@N fail other 1", "@@0f finished 0"])
    assert (ended.joined, ended.error) == ("r.b", None)
    assert (ended.results[0].status, ended.results[0].seconds) == ("ok", 3.0)
    assert [result.id for result in ended.results] == ["one", "other"]


def test_an_attempt_that_has_ended_is_told():
    ended = run(["@@N told r.b", "@@N start one", "@@N fail one 1", "@@N rollback done", "@@N finished 1"])
    assert (ended.joined, statuses(ended.results), ended.rolled_back) == ("r.b", ["failed"], True)


def test_an_attempt_that_was_joined_is_joined_again():
    asked = []

    class Asked(Host):
        def run(self, script, *, timeout, on_line=None):
            asked.append(script)
            return super().run(script, timeout=timeout, on_line=on_line)

    answers = ["@@N joins 0f r.b", *THEIRS[:1], LOST], ["@@N joins 0f r.b", *THEIRS, "@@0f finished 0"]
    ended = execute(Asked(*answers), PLAN, become_password=None, on_step=lambda _step, _what: None)
    assert "directory=$state/runs/r.b\n" in asked[1]
    assert statuses(ended.results) == ["ok", "ok"]


def test_of_an_attempt_whose_log_is_gone_nothing_is_said_that_was_not_seen():
    with pytest.raises(ConnectionLostError, match=r"What came of the run r[.]b is in") as one:
        run(["@@N told r.b", "@@N start one", LOST], UNKNOWN)
    assert "nothing was changed" not in one.value.message
