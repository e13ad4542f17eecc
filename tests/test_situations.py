"""Each situation that is known has a test of its name, and each kind has others that were thought of."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.situations import KINDS, bears, is_there


def test_situations_are_found_by_their_names():
    """In one test, so that the names lead to the tests of the situations alone."""
    places = {name: places for kind in KINDS for name, places in kind.named.items()}
    found = {
        name: [place for place in there if is_there(place) and bears(place, name)] for name, there in places.items()
    }
    assert found == {name: list(there) for name, there in places.items()}
    assert all(found.values())


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.holds) for kind in KINDS])
def test_a_kind_has_others_that_were_thought_of(kind):
    assert [place for place in kind.others if not is_there(place)] == []
    assert len({*kind.others}.difference(*kind.named.values())) >= 2


def test_no_test_is_counted_twice():
    count = Counter(place for kind in KINDS for place in kind.others)
    assert [place for place, times in count.items() if times > 1] == []


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("facts/test_next_start.py::test_words", True),
        ("facts/test_next_start.py::test_words[quotes]", True),
        ("facts/test_next_start.py::test_words[no such id]", False),
        ("facts/test_next_start.py::test_no_such_words", False),
        ("facts/test_no_such_file.py::test_words", False),
    ],
)
def test_a_place_is_looked_at(place, found):
    assert is_there(place) is found
