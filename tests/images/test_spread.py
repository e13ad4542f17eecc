from __future__ import annotations

import pytest

from provisioner.images.listing import NONE, Details, Row
from provisioner.images.spread import spreads

GRAPH, OTHER, INDEX, MOVED = (f"sha256:{digit * 64}" for digit in "1234")


def host(id_, *digests, name="app:1"):
    repository, _, tag = name.partition(":")
    row = Row(repository, tag, NONE, id_, "N/A", "", "")
    return [row], {id_: Details(id_, None, 1, "", (name,), digests, "linux/amd64")}


CASES = [
    ("the same id", {"a": host(GRAPH), "b": host(GRAPH)}, [("a", "b")], True),
    (
        "one digest in two stores",
        {"a": host(GRAPH, f"app@{INDEX}"), "b": host(INDEX, f"app@{INDEX}")},
        [("a", "b")],
        True,
    ),
    (
        "a digest that was seen in another repository",
        {"a": host(GRAPH, f"team/app@{INDEX}"), "b": host(INDEX, f"app@{INDEX}")},
        [("a", "b")],
        True,
    ),
    (
        "two digests on three hosts",
        {
            "a": host(GRAPH, f"app@{INDEX}"),
            "b": host(OTHER, f"app@{MOVED}"),
            "c": host(INDEX, f"app@{INDEX}"),
        },
        [("a", "c"), ("b",)],
        True,
    ),
    ("no digest to tell by", {"a": host(GRAPH), "b": host(INDEX, f"app@{INDEX}")}, [("a",), ("b",)], False),
    (
        "two digests of one image, each known to one host",
        {
            "a": host(INDEX, f"app@{INDEX}"),
            "b": host(MOVED, f"app@{MOVED}"),
            "c": host(GRAPH, f"app@{INDEX}", f"app@{MOVED}"),
        },
        [("a", "b", "c")],
        True,
    ),
]


@pytest.mark.parametrize(("hosts", "groups", "certain"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_hosts_that_have_the_same_image_stand_together(hosts, groups, certain):
    (found,) = spreads(hosts)
    assert (list(found.groups), found.certain) == (groups, certain)


def test_a_name_is_told_by_its_own_digest():
    (found,) = spreads({"a": host(GRAPH, f"zoo@{INDEX}", f"app@{MOVED}")})
    assert found.copies["a"].told == "4" * 12
