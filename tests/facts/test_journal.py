"""Entries of a host's journal: what is read, and what a host that lies can make of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.facts.frames import Frame
from provisioner.facts.journal import ENTRIES, LINES, WORDS, Done, Entry, HostJournal, entry_in, host_journal
from provisioner.facts.last_run import last_run

TEXT = """r.a
run r
attempt a
by me@here
command mirror set
began 1764230000
facts 0123456789abcdef
step one ~ Write the file
step two ! Reload
said start one
said ok one 3
said finished 0
outcome changed
"""
ENTRY = Entry(
    "r",
    "a",
    by="me@here",
    command="mirror set",
    began=1764230000,
    facts="0123456789abcdef",
    steps=(Done("one", "~", "Write the file"), Done("two", "!", "Reload")),
    said=("start one", "ok one 3", "finished 0"),
    ended="changed",
)


def frame(text):
    return Frame("journal-entry", text)


def test_an_entry_is_read():
    assert entry_in(TEXT) == ENTRY
    assert ENTRY.name == "r.a"


@pytest.mark.parametrize("cut", range(1, len(TEXT.encode()), 7))
def test_an_entry_that_was_cut_off_in_its_writing_has_no_end(cut):
    found = entry_in(TEXT[: cut - len(TEXT)])
    assert found is None or found.ended == ""


@pytest.mark.parametrize(
    ("outcome", "ended"),
    [("changed", "changed"), ("cut_off", "cut_off"), ("chang", ""), ("", ""), ("skipped", ""), ("changed now", "")],
)
def test_an_outcome_is_one_of_four_words(outcome, ended):
    assert entry_in(TEXT.replace("outcome changed", f"outcome {outcome}")).ended == ended


def test_an_outcome_that_was_written_again_counts():
    torn = TEXT.replace("outcome changed\n", "said fin\noutc\nsaid finished 0\noutcome changed\n")
    assert entry_in(torn).ended == "changed"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("r.a", id="a name alone"),
        pytest.param("r.b\nrun r\nattempt a\n", id="another's"),
        pytest.param("../r.a\nrun ../r\nattempt a\n", id="a path"),
        pytest.param(f"{'r' * 300}.a\nrun {'r' * 300}\nattempt a\n", id="a long name"),
        pytest.param("r\nrun \nattempt r\n", id="no run"),
        pytest.param(".a\nrun \nattempt a\n", id="an empty run"),
    ],
)
def test_what_is_no_entry_is_passed_over(text):
    assert entry_in(text) is None
    assert host_journal([frame(text)]) == HostJournal()


@pytest.mark.parametrize("began", ["", "x", "-1", "9" * 5000, "²", "1e9"])
def test_a_time_that_is_none_is_none(began):
    found = entry_in(TEXT.replace("1764230000", began))
    assert found.began == 0
    assert last_run(HostJournal((found,), found)) == "mirror set by me@here: done (run r)"


def test_a_time_that_no_calendar_has_is_not_told():
    found = entry_in(TEXT.replace("1764230000", "9" * 15))
    assert last_run(HostJournal((found,), found)) == "mirror set by me@here: done (run r)"


def test_the_last_run_is_told():
    last = Frame("journal-last", "r.a\n")
    assert (
        last_run(host_journal([frame(TEXT), last])) == "mirror set on 2025-11-27 07:53:20 UTC by me@here: done (run r)"
    )
    open_ended = frame(TEXT.replace("outcome changed\n", ""))
    assert last_run(host_journal([open_ended, last])).endswith(": cut off (run r)")
    assert last_run(host_journal([open_ended, last, Frame("in-progress", "me")])).endswith(": goes on (run r)")
    assert last_run(host_journal([last])) == ""


def test_there_are_limits_to_what_a_host_says():
    long = TEXT + "".join(f"said {number} {'x' * 2000}\n" for number in range(5000))
    found = entry_in(long)
    assert len(found.said) <= LINES
    assert max(map(len, found.said)) <= WORDS
    many = [frame(TEXT.replace("r.a", f"r.{n}").replace("attempt a", f"attempt {n}")) for n in range(1000)]
    assert len(host_journal(many).entries) == ENTRIES


WORDS_OF_A_LINE = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=60)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,20}", fullmatch=True)


@given(
    run=NAMES,
    attempt=NAMES,
    by=WORDS_OF_A_LINE,
    command=WORDS_OF_A_LINE,
    began=st.integers(0, 10**14),
    titles=st.lists(WORDS_OF_A_LINE, max_size=5),
    said=st.lists(WORDS_OF_A_LINE, max_size=5),
    ended=st.sampled_from(["changed", "failed", "rolled_back", "cut_off", ""]),
)
def test_what_was_written_is_read(**parts):
    steps = tuple(Done(f"s{number}", "~", title) for number, title in enumerate(parts.pop("titles")))
    entry = Entry(**{**parts, "said": tuple(parts["said"])}, steps=steps)
    lines = [entry.name, *(f"{key} {getattr(entry, key)}" for key in ("run", "attempt", "by", "command", "began"))]
    lines += [f"step {step.id} {step.action} {step.title}" for step in entry.steps]
    lines += [f"said {said}" for said in entry.said] + ([f"outcome {entry.ended}"] if entry.ended else [])
    assert entry_in("\n".join(lines)) == entry


@given(st.text(max_size=300))
def test_any_text_is_an_entry_of_its_name_or_none(text):
    for whole in (text, f"r.a\nrun r\nattempt a\n{text}"):
        found = entry_in(whole)
        assert found is None or found.name == whole.partition("\n")[0]
        last_run(host_journal([frame(whole), Frame("journal-last", "r.a")]))
