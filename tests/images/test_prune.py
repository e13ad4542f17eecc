"""Which images may go: one row a kind of image, and a small engine with all that can stand in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.images.prune import Wish, matches, prune, repository
from provisioner.images.stock import Container, Image, Stock

NOW = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)


def ago(days):
    return NOW - timedelta(days=days)


def image(number, *tags, **values):
    id_ = f"sha256:{number:064x}"
    return Image(
        id_, **{"created": ago(10), "got": ago(5), "tags": tags, "layers": (f"sha256:{number:064d}",), **values}
    )


def has(*images, containers=(), **values):
    return Stock({one.id: one for one in images}, tuple(containers), **values)


def using(one, state="exited", name="web"):
    return Container("c" * 64, one.id, name, state)


REDIS = image(1, "redis:7")
BARE = image(2)
PULLED_OVER = image(3, digests=("redis@sha256:" + "d" * 64,))
COMPOSED = image(4, "shop:1", labels={"com.docker.compose.project": "shop"})
MINE = image(5, "mine:1", labels={"keep": "yes", "team": "a"})

KINDS = {
    "a tag": (has(REDIS), Wish(), "tag"),
    "a tag, all": (has(REDIS), Wish(everything=True), "no container uses it"),
    "no tag": (has(BARE), Wish(), "it has no tag"),
    "a tag that moved away": (has(PULLED_OVER), Wish(), "it has no tag"),
    "named by its digest in containerd's store": (has(PULLED_OVER, containerd=True), Wish(), "tag"),
    "a container that runs": (has(REDIS, containers=[using(REDIS, "running")]), Wish(everything=True), "container"),
    "a container that is stopped": (has(BARE, containers=[using(BARE)]), Wish(), "container"),
    "protected": (has(REDIS), Wish(everything=True, protect=("red*",)), "protected"),
    "protected by its id": (has(BARE), Wish(protect=(BARE.id[:19],)), "protected"),
    "another is protected": (has(REDIS), Wish(everything=True, protect=("mongo*",)), "no container uses it"),
    "claimed by compose": (has(COMPOSED), Wish(everything=True), "claimed"),
    "claimed, and no tag": (has(replace(COMPOSED, tags=())), Wish(), "claimed"),
    "claimed, and named": (has(COMPOSED), Wish(everything=True, names=("shop",)), "no container uses it"),
    "claimed, and its label named": (
        has(COMPOSED),
        Wish(everything=True, labels=("com.docker.compose.project=shop",)),
        "no container uses it",
    ),
    "claimed, and another label named": (has(COMPOSED), Wish(everything=True, labels=("team",)), "claimed"),
    "claimed by swarm": (has(image(6, labels={"com.docker.stack.namespace": "x"})), Wish(), "claimed"),
    "claimed by Kubernetes": (has(image(6, labels={"io.kubernetes.pod": "x"})), Wish(), "claimed"),
    "claimed by Portainer": (has(image(6, labels={"io.portainer.server": "true"})), Wish(), "claimed"),
    "pause": (has(image(6, "registry.k8s.io/pause:3.9")), Wish(everything=True), "claimed"),
    "not pause": (has(image(6, "shop/pausebutton:3.9")), Wish(everything=True), "no container uses it"),
    "not named": (has(REDIS), Wish(everything=True, names=("mongo",)), "named"),
    "until, built before": (has(BARE), Wish(until=ago(9)), "it has no tag"),
    "until, built later": (has(BARE), Wish(until=ago(11)), "until"),
    "until, built nobody knows when": (has(replace(BARE, created=None)), Wish(until=ago(1)), "until"),
    "a label": (has(MINE), Wish(everything=True, labels=("team=a",)), "no container uses it"),
    "another value of a label": (has(MINE), Wish(everything=True, labels=("team=b",)), "label"),
    "all of several labels": (has(MINE), Wish(everything=True, labels=("team", "none")), "label"),
    "a label that keeps": (has(MINE), Wish(everything=True, not_labels=("keep",)), "label"),
    "another label keeps": (has(MINE), Wish(everything=True, not_labels=("keep=no",)), "no container uses it"),
    "the last of its repository": (has(REDIS), Wish(keep_last=1), "last"),
    "got long ago": (has(REDIS), Wish(unused_since=ago(4)), f"not used since {ago(5):%Y-%m-%d}"),
    "got lately": (has(REDIS), Wish(unused_since=ago(6)), "used"),
    "tagged lately": (has(replace(REDIS, tagged=ago(1))), Wish(unused_since=ago(4)), "used"),
    "got nobody knows when": (has(replace(REDIS, got=None)), Wish(unused_since=ago(4)), "used"),
    "used, as the engine remembers": (
        has(REDIS, uses=((ago(1).timestamp(), "redis:7"),)),
        Wish(unused_since=ago(4)),
        "used",
    ),
    "used in short, as the engine remembers": (
        has(image(7, "redis:latest"), uses=((ago(1).timestamp(), "redis"),)),
        Wish(unused_since=ago(4)),
        "used",
    ),
    "another was used": (
        has(REDIS, uses=((ago(1).timestamp(), "redis:8"),)),
        Wish(unused_since=ago(4)),
        f"not used since {ago(5):%Y-%m-%d}",
    ),
}


@pytest.mark.parametrize(("stock", "wish", "expected"), KINDS.values(), ids=KINDS)
def test_one_image(stock, wish, expected):
    found = prune(stock, wish)
    assert [going.why for going in found.going] + [staying.kind for staying in found.staying] == [expected]


def test_the_last_of_each_repository_by_their_builds():
    builds = [image(n, f"shop:{n}", created=ago(20 - n)) for n in range(1, 6)]
    other = image(9, "other:1", created=ago(90))
    both = image(10, "shop:0", "kept:1", created=ago(99))
    found = prune(has(*builds, other, both), Wish(keep_last=2))
    assert {going.image.name: going.why for going in found.going} == {
        f"shop:{n}": "not one of the last 2 of shop" for n in (1, 2, 3)
    }
    assert {staying.why for staying in found.staying} == {
        f"one of the last 2 of {name}" for name in ("shop", "other", "kept")
    }


def test_one_that_a_container_uses_counts_among_the_last():
    old, new = image(1, "shop:1", created=ago(2)), image(2, "shop:2", created=ago(1))
    found = prune(has(old, new, containers=[using(new)]), Wish(keep_last=1))
    assert [going.image for going in found.going] == [old]


BASE = image(1)
MIDDLE = image(2, parent=BASE.id)
TOP = image(3, "top:1", parent=MIDDLE.id)


def test_layers_of_an_image_go_with_it_from_above():
    found = prune(has(BASE, MIDDLE, TOP), Wish(everything=True))
    assert [going.image for going in found.going] == [TOP, MIDDLE, BASE]
    assert found.going[1].why == "it was only there for top:1"


def test_layers_of_images_stay_with_the_last_of_them():
    other = image(4, "other:1", parent=MIDDLE.id)
    found = prune(has(BASE, MIDDLE, TOP, other, containers=[using(other)]), Wish(everything=True))
    assert [going.image for going in found.going] == [TOP]
    assert {staying.image.id: staying.kind for staying in found.staying} == {
        other.id: "container",
        MIDDLE.id: "parent",
        BASE.id: "parent",
    }


def test_of_an_image_that_another_is_built_on_only_the_name_goes():
    base, child = image(1, "base:1"), image(2, "child:1", parent=image(1).id)
    (going,) = prune(has(base, child, containers=[using(child)]), Wish(everything=True)).going
    assert (going.held, going.references) == ("child:1 is built on it", ("base:1",))


def test_an_image_without_a_name_stays_below_one_that_only_loses_its_name():
    base, held, child = image(1), image(2, "held:1", parent=image(1).id), image(3, "child:1", parent=image(2).id)
    found = prune(has(base, held, child, containers=[using(child)]), Wish(everything=True))
    assert [going.image for going in found.going] == [held]


REFERENCES = {
    "one tag": (image(1, "a:1"), (image(1).id,)),
    "no name": (image(1), (image(1).id,)),
    "a tag and its digest": (image(1, "a:1", digests=("a@sha256:1",)), (image(1).id,)),
    "two tags": (image(1, "a:1", "a:2"), ("a:1", "a:2")),
    "a digest of another repository": (image(1, "a:1", digests=("b@sha256:1",)), ("a:1", "b@sha256:1")),
    "digests of two repositories": (image(1, digests=("a@sha256:1", "b@sha256:1")), ("a@sha256:1", "b@sha256:1")),
    "two digests of one": (image(1, digests=("a@sha256:1", "a@sha256:2")), (image(1).id,)),
}


@pytest.mark.parametrize(("one", "expected"), REFERENCES.values(), ids=REFERENCES)
def test_what_it_is_removed_by(one, expected):
    (going,) = prune(has(one), Wish(everything=True)).going
    assert going.references == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", "a"),
        ("a:1", "a"),
        ("h:5000/a", "h:5000/a"),
        ("h:5000/a:1", "h:5000/a"),
        ("a@sha256:1", "a"),
        ("a:1@b:1", "a"),
    ],
)
def test_repository(name, expected):
    assert repository(name) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("h:5000/x/a", True), ("h:5000/x/a:1", True), ("*a:1", True), ("h:5000/*", True), ("a", False), ("00", False)],
)
def test_patterns(pattern, expected):
    assert matches([pattern], image(1, "h:5000/x/a:1")) is expected


@st.composite
def engines(draw):
    """A forest of images with tags, labels and containers here and there."""
    number = draw(st.integers(1, 9))
    images = []
    for index in range(number):
        parent = draw(st.sampled_from(["", *(one.id for one in images)]))
        tags = tuple(
            draw(st.lists(st.sampled_from([f"a:{index}", f"b:{index}", f"c/d:{index}"]), unique=True, max_size=2))
        )
        labels = draw(st.sampled_from([{}, {"com.docker.compose.project": "x"}, {"keep": "yes"}]))
        images.append(image(index + 1, *tags, parent=parent, labels=labels))
    used = draw(st.lists(st.sampled_from(images), max_size=2))
    return has(*draw(st.permutations(images)), containers=[using(one) for one in used])


@given(engines(), st.booleans(), st.sampled_from([None, 1, 2]))
def test_nothing_that_is_needed_goes_and_every_image_is_judged_once(stock, everything, keep_last):
    found = prune(stock, Wish(everything=everything, keep_last=keep_last))
    going = [row.image.id for row in found.going]
    assert sorted([*going, *(row.image.id for row in found.staying)]) == sorted(stock.images)
    assert not set(going) & {container.image for container in stock.containers}
    gone = set()
    for row in found.going:
        children = {child.id for child in stock.children(row.image.id)}
        assert (children <= gone) is (not row.held)
        assert "com.docker.compose.project" not in row.image.labels
        gone |= set() if row.held else {row.image.id}
