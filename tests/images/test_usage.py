from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import FactsError
from provisioner.images.usage import Taken, rounded, size_of, total, usage
from provisioner.report.image_df import size_text

GRAPH = {
    "LayersSize": 100,
    "Images": [
        {"Id": "sha256:a", "RepoTags": ["a:1", "a:2"], "Size": 90, "SharedSize": 60, "Containers": 1},
        {"Id": "sha256:b", "RepoTags": ["<none>:<none>"], "Size": 70, "SharedSize": 60, "Containers": 0},
    ],
    "Containers": [
        {"SizeRw": 5, "State": "running"},
        {"SizeRw": 7, "State": "exited"},
        {"State": "created"},
    ],
    "Volumes": [
        {"UsageData": {"Size": 11, "RefCount": 1}},
        {"UsageData": {"Size": 13, "RefCount": 0}},
        {"UsageData": {"Size": -1, "RefCount": -1}},
    ],
    "BuildCache": [{"Size": 17, "InUse": True}, {"Size": 19, "Shared": True}, {"Size": 23}],
}
STORE = [
    {
        "Id": "sha256:a",
        "Manifests": [
            {"Available": True, "Size": {"Content": 30}, "ImageData": {"Size": {"Unpacked": 60}}},
            {"Available": False, "Size": {"Content": 0}, "ImageData": {"Size": {"Unpacked": 0}}},
            {"Available": True, "Size": {"Content": 1}},
        ],
    }
]


def test_sums_are_those_of_dockers_client():
    found = usage(json.dumps(GRAPH))
    assert found.taken == {
        "images": Taken(2, 1, 100, 70),
        "containers": Taken(3, 1, 12, 7),
        "volumes": Taken(3, 1, 24, 13),
        "build_cache": Taken(3, 1, 40, 23),
    }
    assert [(image.names, image.unique) for image in found.images] == [(("a:1", "a:2"), 30), ((), 10)]
    assert found.virtual == 160
    assert total([found, found])["images"] == Taken(4, 2, 200, 140)


def test_content_and_what_is_unpacked_are_told_apart():
    first, second = usage(json.dumps(GRAPH), json.dumps(STORE)).images
    assert (first.content, first.unpacked) == (31, 60)
    assert (second.content, second.unpacked) == (None, None)


def test_an_engine_with_nothing_has_nothing():
    found = usage('{"LayersSize": 0, "Images": null, "Containers": [], "Volumes": null, "BuildCache": null}')
    assert set(found.taken.values()) == {Taken()}


WRONG = ["", "[]", "null", "[" * 50_000, '{"Images": 5}', '{"Images": [5]}', '{"Images": [{"Id": 1, "Size": "x"}]}',
         '{"LayersSize": 1e999}', '{"LayersSize": 1e300}', '{"Volumes": [{"UsageData": {"Size": 9999999999999999999}}]}',
          '{"Containers": [{"SizeRw": [1]}]}']  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:30])
def test_an_answer_of_another_kind_is_an_error(text):
    with pytest.raises(FactsError):
        usage(text)
    with pytest.raises(FactsError):
        rounded(text or "x")


SIZES = [
    ("0B", 0),
    ("1.982MB", 1_982_000),
    ("1.982MB (100%)", 1_982_000),
    ("31.5kB", 31_500),
    ("1.05GB", 1_050_000_000),
]


@pytest.mark.parametrize(("text", "size"), SIZES)
def test_a_size_of_dockers_client_is_read(text, size):
    assert size_of(text) == size


@given(st.integers(min_value=0, max_value=10**17))
def test_a_size_is_written_in_four_digits(size):
    assert abs(size_of(size_text(size)) - size) <= size * 0.0005


def test_what_is_rounded_says_so():
    row = {"Type": "Images", "TotalCount": "4", "Active": "1", "Size": "1.982MB", "Reclaimable": "1.5MB (75%)"}
    found = rounded(json.dumps(row) + "\n")
    assert (found.exact, found.taken["images"]) == (False, Taken(4, 1, 1_982_000, 1_500_000))
