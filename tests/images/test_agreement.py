from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.images.agreement import agreement

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")

JUDGED = [
    pytest.param({}, True, {}, id="nobody"),
    pytest.param({"a": A}, True, {}, id="one host"),
    pytest.param({"a": ""}, True, {}, id="one host that does not say"),
    pytest.param({"a": A, "b": A, "c": A}, True, {}, id="all the same"),
    pytest.param({"a": A, "b": B, "c": A}, False, {"b": f"redis:7 is {B} here, and {A} on 2 hosts"}, id="one is behind"),
    pytest.param({"a": B, "b": A, "c": A}, False, {"a": f"redis:7 is {B} here, and {A} on 2 hosts"}, id="the first one is"),
    pytest.param({"a": A, "b": B}, False, {"b": f"redis:7 is {B} here, and {A} on a"}, id="two that differ"),
    pytest.param(
        {"a": A, "b": B, "c": C},
        False,
        {"b": f"redis:7 is {B} here, and {A} on a", "c": f"redis:7 is {C} here, and {A} on a"},
        id="all differ",
    ),
    pytest.param({"a": A, "b": ""}, False, {"b": "cannot be told"}, id="one does not say"),
    pytest.param({"a": "", "b": ""}, False, {"a": "cannot be told", "b": "cannot be told"}, id="none says"),
]  # fmt: skip


@pytest.mark.parametrize(("digests", "same", "against"), JUDGED)
def test_hosts_are_compared_by_digest(digests, same, against):
    found = agreement("redis:7", digests)
    assert found.same is same
    told = {host: why for host in digests if (why := found.against(host))}
    assert told.keys() == against.keys()
    assert all(against[host] in why for host, why in told.items())


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.sampled_from([A, B, C, ""]), max_size=8))
def test_whoever_is_not_the_same_is_told_why(digests):
    found = agreement("redis:7", digests)
    told = [host for host in digests if found.against(host)]
    assert bool(told) is not found.same
    assert found.same is (len(set(digests.values())) <= 1 and (len(digests) < 2 or "" not in digests.values()))
    hosts = [host for _, group in found.groups for host in group]
    assert sorted([*hosts, *found.unknown]) == sorted(digests)
