from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import FactsError
from provisioner.images.drift import Container, HostImages, Names, across, containers, is_current, parts, pulled, stale
from provisioner.images.listing import Details
from provisioner.images.spread import Copy

A, B, INDEX, AMD64, ARM64 = (f"sha256:{digit * 64}" for digit in "abcde")
ALL = Names()


def image(id_, *tags, digests=()):
    return Details(id_, None, 1, "", tags, tuple(digests), "linux/amd64")


def host(*images, running=(), parts_=None):
    rows = [Container(f"c{number}", *row, running=True) for number, row in enumerate(running)]
    return HostImages({one.id: one for one in images}, rows, parts_ or {})


STALE = [
    ("the tag still means it", (A, "app:1"), [image(A, "app:1")], None),
    ("without a tag that is latest", (A, "app"), [image(A, "app:latest")], None),
    ("the tag moved", (A, "app:1"), [image(A), image(B, "app:1")], ("app:1", B)),
    ("the tag of Docker Hub in full", (A, "docker.io/library/app:1"), [image(B, "app:1")], ("app:1", B)),
    ("the tag is gone", (A, "app:1"), [image(A)], ("app:1", "")),
    ("asked for by its id", (A, A), [image(B, "app:1")], None),
    ("asked for by its id in short", (A, "a" * 12), [image(B, "app:1")], None),
    ("asked for by a digest", (A, f"app@{INDEX}"), [image(B, "app:1")], None),
    ("asked for by tag and digest", (A, f"app:1@{INDEX}"), [image(B, "app:1")], None),
    ("a name that is none any more", (A, "App:1"), [image(B, "app:1")], None),
    ("an image whose name is hexadecimal", (A, "beef"), [image(B, "beef:latest")], ("beef:latest", B)),
    (
        "another registry",
        (A, "r.example:5000/app"),
        [image(B, "r.example:5000/app:latest")],
        ("r.example:5000/app:latest", B),
    ),
]


@pytest.mark.parametrize(("runs", "images", "expected"), [row[1:] for row in STALE], ids=[row[0] for row in STALE])
def test_a_container_is_compared_with_what_its_name_means(runs, images, expected):
    found = [(row.name, row.now) for row in stale(host(*images, running=[runs]), ALL)]
    assert found == ([expected] if expected else [])


def test_what_has_ended_runs_nothing():
    ended = HostImages({}, [Container("c", A, "app:1", running=False)])
    assert stale(ended, ALL) == []


@pytest.mark.parametrize(
    ("pattern", "yes"),
    [("app", True), ("app:1", True), ("app:2", False), ("a*", True), ("*:1", True), ("other", False), ("ap", False)],
)
def test_names_are_chosen_by_patterns(pattern, yes):
    assert Names((pattern,)).have("app:1") is yes


@pytest.mark.parametrize(("pattern", "yes"), [("*", False), ("*/*", True), ("*/app:*", True), ("team/*", True)])
def test_no_wildcard_goes_over_a_slash(pattern, yes):
    assert Names((pattern,)).have("team/app:1") is yes


def test_stores_are_compared_by_digests():
    graph = host(image(A, "app:1", digests=[f"app@{INDEX}"]))
    store = host(image(INDEX, "app:1", digests=[f"app@{INDEX}"]))
    moved = host(image(B, "app:1", digests=[f"app@{ARM64}"]))
    (same,) = across({"a": graph, "b": store}, ALL)
    assert not same.differs
    (differs,) = across({"a": graph, "b": store, "c": moved}, ALL)
    assert (differs.groups, differs.certain) == ((("a", "b"), ("c",)), True)


def test_a_platform_is_part_of_an_index_that_has_it():
    by_platform = host(image(A, "app:1", digests=[f"app@{AMD64}"]))
    store = host(
        image(INDEX, "app:1", digests=[f"app@{INDEX}"]),
        parts_={INDEX: frozenset({("linux/amd64", AMD64), ("linux/arm64", ARM64)})},
    )
    (found,) = across({"a": by_platform, "b": store}, ALL)
    assert not found.differs
    of_another = host(image(B, "app:1", digests=[f"app@{ARM64}"]))
    (found,) = across({"a": of_another, "b": store}, ALL)
    assert found.differs


STORE = {
    "Id": INDEX,
    "Manifests": [
        {"Kind": "image", "Available": True, "Descriptor": {"digest": AMD64},
         "ImageData": {"Platform": {"os": "linux", "architecture": "amd64"}}},
        {"Kind": "image", "Available": False, "Descriptor": {"digest": ARM64},
         "ImageData": {"Platform": {"os": "linux", "architecture": "arm64"}}},
        {"Kind": "attestation", "Available": True, "Descriptor": {"digest": B}},
    ],
}  # fmt: skip


def test_parts_are_images_that_are_there():
    assert parts(json.dumps([STORE, {"Id": A}])) == {INDEX: frozenset({("linux/amd64", AMD64)}), A: frozenset()}


def test_a_name_on_one_host_alone_is_compared_with_none():
    assert across({"a": host(image(A, "app:1")), "b": host(image(A, "other:1"))}, ALL) == []


def test_a_registry_is_asked_about_what_it_gave():
    built, given_ = image(A, "built:1"), image(B, "app:1", "copy:1", digests=[f"app@{INDEX}"])
    assert list(pulled(host(built, given_), ALL)) == ["app:1"]


LISTED = json.dumps(
    {
        "manifests": [
            {"digest": AMD64, "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": ARM64, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        ]
    }
)
CURRENT = [
    ("the index by its own digest", {INDEX}, INDEX, "", True),
    ("another index", {INDEX}, B, LISTED, False),
    ("a platform of the index", {AMD64}, B, LISTED, True),
    ("another platform's", {ARM64}, B, LISTED, False),
    ("a platform of another", {A}, B, LISTED, False),
    ("a manifest that is no index", {A}, B, '{"layers": []}', False),
    ("nothing more is known", {A}, B, "", False),
    ("no JSON", {A}, B, "<html>", False),
    ("another JSON", {A}, B, '{"manifests": [5]}', False),
    ("deep JSON", {A}, B, "[" * 50_000, False),
]


@pytest.mark.parametrize(
    ("digests", "digest", "index", "current"), [row[1:] for row in CURRENT], ids=[row[0] for row in CURRENT]
)
def test_what_a_host_has_is_compared_with_the_right_digest(digests, digest, index, current):
    assert is_current(Copy("id", frozenset(digests), 1, platform="linux/amd64"), digest, index) is current


def test_containers_are_read():
    text = f'"/web"\t"{A}"\t"app:1"\ttrue\n"/x"\t"{B}"\t"a\\tb"\tfalse\n'
    assert containers(text) == (Container("web", A, "app:1", running=True), Container("x", B, "a\tb", running=False))


@pytest.mark.parametrize("read", [containers, parts])
@given(text=st.text(max_size=60))
def test_other_words_are_an_error_that_says_so(read, text):
    with contextlib.suppress(FactsError):
        read(text)
