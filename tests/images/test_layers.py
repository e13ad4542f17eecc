"""Which layers there are, what they weigh, and what goes with images."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.images.layers import chains, freed, layer_bytes, sizes
from provisioner.images.stock import Image

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")


def test_chains_are_those_of_an_engine():
    """Seen on Docker 20.10.24: an image of these two layers, and what `docker image rm` said that it deleted."""
    layers = [
        "sha256:2db2b6ee99223a5526e55c367c3a730be349fb4c8bcf52b6d07a2560303e523b",
        "sha256:a04318e4bf59d4ca4e91402b59e084922d150caae1791381b05c330869815439",
    ]
    assert chains(layers) == [
        "sha256:2db2b6ee99223a5526e55c367c3a730be349fb4c8bcf52b6d07a2560303e523b",
        "sha256:68abff5f33ffef64b5b15d636a935fdabbd1af93f0dceb306b6841d00ee77125",
    ]


def history(*rows):
    """What docker prints, the newest first."""
    return "\n".join(f"{json.dumps(str(size))}\t{json.dumps(made)}" for size, made in reversed(rows)) + "\n"


HISTORIES = {
    "a layer each": (history((100, ""), (5, "x")), 2, [100, 5]),
    "settings leave none": (history((100, ""), (0, "ENV a=b"), (5, "x")), 2, [100, 5]),
    "a layer of no bytes": (history((100, ""), (0, "RUN true"), (5, "x")), 3, [100, 0, 5]),
    "both": (history((0, "LABEL a=b"), (100, ""), (0, "RUN true"), (0, '/bin/sh -c #(nop)  CMD ["sh"]')), 2, [100, 0]),
    "COPY of the classic builder": (
        history((100, ""), (0, "/bin/sh -c #(nop) COPY file:1 in / "), (0, "USER a")),
        2,
        [100, 0],
    ),
    "it cannot be told": (history((0, "RUN a"), (100, ""), (0, "RUN b")), 2, None),
    "nothing was said": ("", 1, None),
    "no layers": ("", 0, []),
    "something else": ("Error response from daemon", 1, None),
}


@pytest.mark.parametrize(("text", "number", "expected"), HISTORIES.values(), ids=HISTORIES)
def test_bytes_of_layers(text, number, expected):
    assert layer_bytes(text, number) == expected


BASE = Image("base", layers=(A,), size=100)
ONE = Image("one", layers=(A, B), size=120)
TWO = Image("two", layers=(A, C), size=130)
KNOWN = sizes(
    {"one": history((100, ""), (20, "")), "two": history((100, ""), (30, ""))}, {"one": ONE, "two": TWO, "base": BASE}
)

FREED = {
    "all": ([ONE, TWO, BASE], [], ([20, 30, 100], True)),
    "the base goes with the last": ([BASE, ONE, TWO], [], ([0, 20, 130], True)),
    "the base stays": ([ONE, TWO], [BASE], ([20, 30], True)),
    "one stays": ([BASE, ONE], [TWO], ([0, 20], True)),
    "the same image in two": ([ONE], [Image("twin", layers=(A, B))], ([0], True)),
    "a layer of which nobody knows": ([Image("x", layers=("sha256:x",))], [], ([0], False)),
    "none": ([], [ONE], ([], True)),
}


@pytest.mark.parametrize(("going", "staying", "expected"), FREED.values(), ids=FREED)
def test_bytes_that_go(going, staying, expected):
    assert freed(going, staying, KNOWN) == expected


IN_CONTAINERD = {
    "alone": ([ONE], [Image("other", layers=(C,))], ([120], True)),
    "a layer is shared": ([ONE], [BASE], ([20], False)),
    "no less than nothing": ([BASE], [Image("twin", layers=(A,))], ([0], False)),
}


@pytest.mark.parametrize(("going", "staying", "expected"), IN_CONTAINERD.values(), ids=IN_CONTAINERD)
def test_bytes_that_go_from_the_store_of_containerd(going, staying, expected):
    assert freed(going, staying, KNOWN, containerd=True) == expected


@given(st.lists(st.lists(st.sampled_from([A, B, C]), max_size=4), max_size=5), st.integers(0, 5))
def test_each_layer_is_counted_once_in_any_order(stacks, number):
    images = [Image(str(index), layers=tuple(stack)) for index, stack in enumerate(stacks)]
    going, staying = images[:number], images[number:]
    every = {chain for one in images for chain in chains(one.layers)}
    known = {chain: 1 << index for index, chain in enumerate(sorted(every))}
    left = {chain for one in staying for chain in chains(one.layers)}
    gone = {chain for one in going for chain in chains(one.layers)} - left
    for order in (going, going[::-1]):
        assert sum(freed(order, staying, known)[0]) == sum(known[chain] for chain in gone)
