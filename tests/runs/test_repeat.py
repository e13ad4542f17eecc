"""A run that its host knows already: the journal's word decides, and nothing is done twice."""

from __future__ import annotations

import pytest

from provisioner.remote.attempt import Attempt
from provisioner.runs import one_host
from tests.fake_host import NEW, Remembering, entry, target

WENT_WELL = "said start daemon-config\nsaid ok daemon-config 1\nsaid finished 0\n"
WENT_BACK = "said start daemon-config\nsaid fail daemon-config 1\nsaid rollback done\nsaid finished 1\n"
HALF = "said start daemon-config\n"


def changed(host, attempt):
    return one_host.change(target(host), attempt, allow_restart=False)


FIRST, SECOND = Attempt("r", "a", "mirror set"), Attempt("r", "b", "mirror set")
RESUMED = Attempt("s", "c", "mirror set", resumes=("q", "r"))
CHANGED = entry("r.a", WENT_WELL, "changed")


@pytest.mark.parametrize("attempt", [FIRST, SECOND, RESUMED], ids=["same", "another", "resumed"])
def test_what_was_changed_stays_changed(attempt):
    host = Remembering(CHANGED, mirror=NEW)
    outcome = changed(host, attempt)
    assert (outcome.status, outcome.changed, outcome.error) == ("changed", True, None)
    assert [(result.id, result.status, result.seconds) for result in outcome.results] == [("daemon-config", "ok", 1.0)]
    assert [step.title for step in outcome.plan.steps] == ["Write /etc/docker/daemon.json"]
    assert outcome.checks
    assert all(check.passed for check in outcome.checks)
    assert outcome.earlier == "done by run r before, begun by me@here"
    assert (host.asked, host.changed) == (1, 0)


def test_a_run_of_another_name_is_another_one():
    assert changed(Remembering(CHANGED, mirror=NEW), Attempt("t", "a")).status == "converged"


def test_the_same_attempt_is_not_made_again_though_the_host_is_not_as_wanted():
    host = Remembering(CHANGED)
    outcome = changed(host, FIRST)
    assert (outcome.status, outcome.exit_code, host.changed) == ("failed", 7, 0)
    assert "still to do" in outcome.error.message


@pytest.mark.parametrize("attempt", [SECOND, RESUMED], ids=["another", "resumed"])
def test_another_attempt_does_what_is_left_to_do(attempt):
    host = Remembering(CHANGED)
    outcome = changed(host, attempt)
    assert (outcome.status, host.changed) == ("changed", 1)
    assert (
        outcome.earlier
        == "an earlier attempt at run r, begun by me@here, changed this host, which is not as wanted now"
    )


@pytest.mark.parametrize(
    ("said", "ended", "status"),
    [
        pytest.param(WENT_BACK, "rolled_back", "rolled_back", id="rolled back"),
        ("said finished 1\n", "failed", "failed"),
    ],
)
def test_what_failed_is_told_to_the_same_attempt_and_tried_again_by_another(said, ended, status):
    failed = entry("r.a", said, ended)
    host = Remembering(failed)
    outcome = changed(host, FIRST)
    assert (outcome.status, outcome.changed, outcome.exit_code, host.changed) == (status, False, 6, 0)
    outcome = changed(host, SECOND)
    assert (outcome.status, host.changed) == ("changed", 1)
    assert outcome.earlier.startswith("an earlier attempt at run r, begun by me@here, ")
    assert "for known in r.a; do" in host.launched, "what was seen is not told instead"


def test_what_was_rolled_back_and_is_as_wanted_now_was_done_by_somebody_else():
    assert changed(Remembering(entry("r.a", WENT_BACK, "rolled_back"), mirror=NEW), SECOND).status == "converged"


@pytest.mark.parametrize("ended", ["", "cut_off"])
@pytest.mark.parametrize("attempt", [FIRST, SECOND, RESUMED], ids=["same", "another", "resumed"])
def test_what_was_cut_off_has_changed_a_host_that_is_as_wanted(attempt, ended):
    host = Remembering(entry("r.a", HALF, ended), mirror=NEW)
    outcome = changed(host, attempt)
    assert (outcome.status, outcome.changed, outcome.error, host.changed) == ("changed", True, None, 0)
    assert "was cut off, and what it had changed by then is not known" in outcome.earlier


@pytest.mark.parametrize("attempt", [FIRST, SECOND], ids=["same", "another"])
def test_what_was_cut_off_is_tried_again_where_something_is_left_to_do(attempt):
    host = Remembering(entry("r.a", HALF))
    outcome = changed(host, attempt)
    assert (outcome.status, host.changed) == ("changed", 1)
    assert "was cut off" in outcome.earlier
    name = "r.a_2" if attempt is FIRST else "r.b"
    assert f"directory=$state/runs/{name}\n" in host.launched
    again = Remembering(entry("r.a", HALF, "cut_off"), entry("r.a_2", WENT_WELL, "changed"), mirror=NEW)
    assert (changed(again, FIRST).status, again.changed) == ("changed", 0)


GOES_ON = entry("r.a", HALF)


@pytest.mark.parametrize("attempt", [FIRST, SECOND, RESUMED], ids=["same", "another", "resumed"])
def test_what_goes_on_is_heard_to_its_end(attempt):
    said = ["@@first start daemon-config", "@@first ok daemon-config 2", "@@first finished 0"]
    host = Remembering(GOES_ON, locked=True, joined=said)
    outcome = changed(host, attempt)
    assert (outcome.status, outcome.changed, outcome.error, host.changed) == ("changed", True, None, 0)
    assert outcome.results[0].seconds == 2.0
    assert outcome.earlier == "run r was going on here, begun by me@here"


def test_what_fails_while_it_is_heard_has_failed():
    said = [
        "@@first start daemon-config",
        "@@first fail daemon-config 1",
        "@@first rollback done",
        "@@first finished 1",
    ]
    host = Remembering(GOES_ON, locked=True, joined=said)
    outcome = changed(host, SECOND)
    assert (outcome.status, outcome.exit_code, host.changed) == ("rolled_back", 6, 0)


def test_names_of_other_runs_do_not_matter():
    strangers = [entry("rr.a", WENT_WELL, "changed"), entry("r.x.a", WENT_WELL, "changed")]
    assert changed(Remembering(*strangers, mirror=NEW), FIRST).status == "converged"
