"""A run that has its name from outside and is begun more than once: by several controllers, or again."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ApplyError, CancelledError, SkippedError, UsageError
from provisioner.plan.model import StepResult
from provisioner.runs import history, history_store
from provisioner.runs.history import Journal, to_resume
from provisioner.runs.named_run import refuse_other_use
from provisioner.runs.outcome import Outcome
from provisioner.runs.past_run import PastHost, last_word
from provisioner.wanted.spec import Spec

SPEC = Spec(registry_mirrors=("https://m.example",))


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def begun(*names, shard="", run="ci-7", command="apply", spec=SPEC):
    return Journal(command, [command], dict.fromkeys(names, spec), warn=pytest.fail, run=run, shard=shard)


CHANGED = Outcome("a", "changed", results=(StepResult("x", "ok"),))
CONVERGED = Outcome("a", "converged")
FAILED = Outcome("a", "failed", error=ApplyError("no room"))
HALFWAY = replace(FAILED, results=(StepResult("x", "ok"),))
LEFT_OUT = Outcome("a", "skipped", note="done in run x")
NOT_BEGUN = Outcome("a", "skipped", error=SkippedError("the canary failed"))
CANCELLED = Outcome("a", "cancelled", error=CancelledError("interrupted"))
SHOWN = Outcome("a", "planned")


@pytest.mark.parametrize(
    ("earlier", "later", "status", "changed"),
    [
        pytest.param(CHANGED, CONVERGED, "changed", True, id="changed stays changed"),
        pytest.param(CHANGED, LEFT_OUT, "changed", True, id="resumed"),
        pytest.param(CHANGED, FAILED, "failed", True, id="a later failure counts"),
        pytest.param(CHANGED, NOT_BEGUN, "changed", True, id="not begun again"),
        pytest.param(CHANGED, CANCELLED, "changed", True, id="left off again"),
        pytest.param(HALFWAY, CONVERGED, "changed", True, id="halfway, then as wanted"),
        pytest.param(FAILED, CONVERGED, "converged", False, id="failed before any change"),
        pytest.param(FAILED, NOT_BEGUN, "failed", False, id="an outcome counts more than none"),
        pytest.param(FAILED, LEFT_OUT, "skipped", False, id="done by another run"),
        pytest.param(HALFWAY, LEFT_OUT, "changed", True, id="halfway, then done by another run"),
        pytest.param(CANCELLED, CHANGED, "changed", True, id="begun again"),
        pytest.param(SHOWN, CHANGED, "changed", True, id="agreed to the second time"),
        pytest.param(CONVERGED, SHOWN, "converged", False, id="not agreed to the second time"),
        pytest.param(NOT_BEGUN, CANCELLED, "cancelled", False, id="twice nothing"),
    ],
)
def test_the_last_word_on_a_host(earlier, later, status, changed):
    journal = begun("a")
    journal.add(earlier)
    journal.end()
    journal = begun("a")
    journal.add(later)
    journal.end()
    (host,) = history.run("ci-7").hosts
    assert (host.status, host.changed) == (status, changed)


STATUSES = st.sampled_from(
    ["pending", "planned", "skipped", "cancelled", "converged", "changed", "failed", "rolled_back"]
)


@st.composite
def words(draw):
    status = draw(STATUSES)
    done = status in {"converged", "changed"} or (status == "skipped" and draw(st.booleans()))
    changed = status == "changed" or (status == "failed" and draw(st.booleans()))
    version = draw(st.sampled_from([None, "27", "28"]))
    return PastHost(
        "a", "", status, done, changed, version, (), None, None, 0 if done else 6, draw(st.integers(0, 3)) * 1.0
    )


@given(words(), words())
def test_what_was_changed_is_changed_and_what_was_known_is_known(earlier, later):
    said = last_word(earlier, later)
    assert said.changed == (earlier.changed or later.changed)
    assert not (said.changed and said.status == "converged")
    assert (said.status == "pending") == (earlier.status == later.status == "pending")
    assert last_word(earlier, earlier) == earlier
    assert last_word(said, said) == said


@given(words(), words(), words())
def test_words_in_their_order_may_be_joined_in_any_grouping(first, second, third):
    one, other = last_word(last_word(first, second), third), last_word(first, last_word(second, third))
    assert one == other


def test_a_run_in_shards_has_ended_when_all_of_them_have():
    first, second = begun("a", shard="1/2"), begun("b", shard="2/2")
    first.add(CHANGED)
    first.end()
    assert history.run("ci-7").ended is None
    second.add(replace(CHANGED, host="b"))
    second.end()
    run = history.run("ci-7")
    assert run.ended
    assert [(shard.name, bool(shard.ended)) for shard in run.shards] == [("1/2", True), ("2/2", True)]
    assert run.counts == {"changed": 2}


def test_a_shard_that_was_cut_off_is_begun_again():
    for ends in (False, True):
        journal = begun("a", shard="1/2")
        journal.add(CHANGED)
        if ends:
            journal.end()
    other = begun("b", shard="2/2")
    assert history.run("ci-7").ended is None
    other.end()
    assert history.run("ci-7").ended


def test_a_shard_without_hosts_is_a_part_of_its_run():
    begun(shard="2/2").end()
    run = history.run("ci-7")
    assert ([shard.name for shard in run.shards], run.hosts) == (["2/2"], ())


def test_each_shard_resumes_its_own_hosts():
    """What is wanted may differ from host to host."""
    other = Spec(hold=True)
    begun("a", shard="1/2").add(CHANGED)
    begun("b", shard="2/2", spec=other).add(replace(CHANGED, host="b"))
    assert to_resume("apply", {"a": SPEC}) == ("ci-7", {"a"})
    assert to_resume("apply", {"b": other}) == ("ci-7", {"b"})
    with pytest.raises(UsageError, match="nothing to resume"):
        to_resume("apply", {"a": other})


@pytest.mark.parametrize(
    ("command", "shard", "wanted", "why"),
    [
        pytest.param("mirror set", "1/2", {}, "of `apply`", id="another command"),
        pytest.param("apply", "1/3", {}, "in 2 shards", id="another division"),
        pytest.param("apply", "", {}, "in 2 shards", id="no division"),
        pytest.param("apply", "2/2", {"a": Spec(hold=True)}, "wanted state of a", id="another wish"),
    ],
)
def test_a_name_is_not_taken_for_another_run(command, shard, wanted, why):
    begun("a", shard="1/2").end()
    with pytest.raises(UsageError, match=why):
        refuse_other_use("ci-7", command, shard, wanted)


def test_a_run_is_gone_on_with_under_its_name():
    begun("a", shard="1/2").end()
    refuse_other_use("ci-7", "apply", "1/2", {"a": SPEC})
    refuse_other_use("ci-7", "apply", "2/2", {"b": Spec(hold=True)})
    refuse_other_use("ci-8", "mirror set", "", {"a": Spec()})


def test_a_history_of_an_earlier_version_is_taken_over(state):
    file = history_store.path()
    file.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.executescript(f"""
            {history_store._SCHEMA}
            INSERT INTO runs VALUES ('old', 'apply', '["apply"]', 'x', NULL, 1.0, 2.0);
            INSERT INTO hosts VALUES ('old', 0, 'a', 'w', 'changed', 1, 1, '28', '["m"]', NULL, NULL, 0, 1.5);
            PRAGMA user_version = 1;
        """)
    (run,) = history.runs()
    assert (run.id, run.shards, history.run("old").hosts[0].status) == ("old", (), "changed")
    begun("a").end()
    assert [run.id for run in history.runs()] == ["ci-7", "old"]


def test_a_run_that_is_begun_again_is_the_last_one(monkeypatch):
    """It is neither forgotten as the oldest nor passed over by --resume, with other hosts and wishes too."""
    monkeypatch.setattr(history, "KEPT", 3)
    begun("a", run="spring").end()
    for number in range(2):
        begun("x", run=f"other-{number}").end()
    other = Spec(hold=True)
    again = begun("b", run="spring", spec=other)
    begun("y", run="one-more").end()
    again.add(replace(CHANGED, host="b"))
    again.end()
    assert [run.id for run in history.runs()] == ["one-more", "spring", "other-1"]
    assert to_resume("apply", {"b": other}) == ("spring", {"b"})
    begun("a", run="spring").end()
    assert history.run("last").id == "spring"
    assert history.run("spring").counts == {"pending": 1, "changed": 1}
