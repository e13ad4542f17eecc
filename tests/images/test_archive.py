from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.images.archive import Entry, diff_ids, entries, manifest, missing
from provisioner.images.layers import chains as chain_ids

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")


def test_what_was_written_is_read():
    text = manifest([(("one:1", "one:2"), "config", ("a", "b/layer.tar")), ((), "other", ())])
    assert entries(text) == [Entry(("one:1", "one:2"), "config", ("a", "b/layer.tar")), Entry((), "other", ())]


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "[1]", "null", "[" * 100_000, '[{"Config": "c"}]',
        json.dumps([{"Config": "../c", "RepoTags": [], "Layers": []}]),
        json.dumps([{"Config": "/c", "RepoTags": [], "Layers": []}]),
        json.dumps([{"Config": "c", "RepoTags": [1], "Layers": []}]),
        json.dumps([{"Config": "c", "RepoTags": [], "Layers": ["a/../../b"]}]),
        json.dumps([{"Config": "c", "RepoTags": [], "Layers": [1]}]),
    ],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(UsageError):
        entries(text)


@pytest.mark.parametrize(
    "config", ["", "{}", '{"rootfs": {"diff_ids": ["sha256:x"]}}', json.dumps({"rootfs": {"diff_ids": [A, B]}})]
)
def test_a_configuration_that_is_none(config):
    with pytest.raises(UsageError):
        diff_ids(config, 1)


def test_a_chain_is_of_all_below():
    """As OCI's image specification says, ChainID."""
    two = "sha256:" + hashlib.sha256(f"{A} {B}".encode()).hexdigest()
    three = "sha256:" + hashlib.sha256(f"{two} {C}".encode()).hexdigest()
    assert chain_ids([A, B, C]) == [A, two, three]


@pytest.mark.parametrize(
    ("there", "lacking"),
    [
        pytest.param([], [0, 1, 2], id="nothing is there"),
        pytest.param([[A, B, C]], [], id="all"),
        pytest.param([[A, B]], [2], id="what it lies on"),
        pytest.param([[B, A, C]], [0, 1, 2], id="the same layers in another order"),
        pytest.param([[C], [A]], [1, 2], id="a layer that lies on nothing there"),
    ],
)
def test_missing(there, lacking):
    assert missing([A, B, C], there) == lacking


@given(st.lists(st.sampled_from([A, B, C]), max_size=6), st.lists(st.lists(st.sampled_from([A, B, C]), max_size=4)))
def test_what_is_missing_is_the_end(diffs, there):
    lacking = missing(diffs, there)
    assert lacking == list(range(len(diffs)))[len(diffs) - len(lacking) :]
