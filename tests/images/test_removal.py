"""Which words mean the same image, and why an image is still there."""

from __future__ import annotations

import pytest

from provisioner.images.removal import Removed, left, once, removed
from provisioner.images.stock import Container, Image, Stock

ID = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32

ONCE = {
    "an id twice": (["abab", "abab"], [ID, ID], ["abab"]),
    "a short and a long id": (["ababab", ID], [ID, ID], ["ababab"]),
    "two ids": (["abab", "cdcd"], [ID, OTHER], ["abab", "cdcd"]),
    "two names of one image": (["a:1", "b:1"], [ID, ID], ["a:1", "b:1"]),
    "a name twice": (["a:1", "b:1", "a:1"], [ID, ID, ID], ["a:1", "b:1"]),
    "an id before a name of it": (["abab", "a:1"], [ID, ID], ["a:1", "abab"]),
    "nothing that is there": (["a:1", "a:1", "abab"], ["", "", ""], ["a:1", "abab"]),
    "a name that looks like an id": (["abab"], [OTHER], ["abab"]),
}


@pytest.mark.parametrize(("words", "ids", "expected"), ONCE.values(), ids=ONCE)
def test_what_is_said_twice_is_removed_once(words, ids, expected):
    assert once(words, ids) == expected


def test_an_answer_of_docker():
    frames = {"shown 1": f"Untagged: a:1\nUntagged: a@{ID}\nDeleted: {ID}\n", "said 1": "", "status 1": "0"}
    answer = removed(frames, 1, "a:1")
    assert (answer.untagged, answer.deleted, answer.status) == (("a:1", f"a@{ID}"), (ID,), 0)
    assert removed(frames, 2, "b:1").status == 1


IMAGE = Image(ID, tags=("a:1", "b:1"))
WHY = {
    "a container": (Stock({ID: Image(ID, tags=("a:1",))}, (Container("c" * 64, ID, "web", "running"),)), "a:1",
                    "container web (running) uses it"),
    "a container without a name": (Stock({ID: Image(ID)}, (Container("c" * 64, ID, "", "exited"),)), "abab",
                                   "container cccccccccccc (exited) uses it"),
    "another tag": (Stock({ID: Image(ID, tags=("b:1",))}), "a:1", "it is b:1 as well"),
    "names in several repositories": (Stock({ID: IMAGE}), "abab", "it has names in several repositories: a:1, b:1"),
    "a child": (Stock({ID: Image(ID), OTHER: Image(OTHER, tags=("c:1",), parent=ID)}), "a:1", "c:1 is built on it"),
    "docker's own words": (Stock({ID: Image(ID, tags=("a:1",))}), "a:1", "no wish"),
}  # fmt: skip


@pytest.mark.parametrize(("after", "reference", "expected"), WHY.values(), ids=WHY)
def test_why_an_image_is_still_there(after, reference, expected):
    (row,) = left([Removed(reference, "", "no wish", 1)], {reference: ID}, after)
    assert row.why == expected


def test_what_is_gone_needs_no_reason():
    assert left([Removed("a:1", "", "", 0), Removed("x", "", "", 1)], {"a:1": ID, "x": ""}, Stock({})) == []
