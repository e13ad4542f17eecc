from __future__ import annotations

import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.runs.shards import Shard, keys

NAMES = st.text(st.characters(exclude_categories=()), min_size=1, max_size=20)
GROUPS = st.sets(st.sampled_from(string.ascii_lowercase[:6]), max_size=3)


def shard_of(key, of):
    (found,) = [number for number in range(1, of + 1) if Shard(number, of).has(key)]
    return found


@given(NAMES, st.integers(1, 40))
def test_a_host_is_in_exactly_one_shard(name, of):
    assert 1 <= shard_of(name, of) <= of


@given(NAMES, st.integers(1, 40))
def test_one_shard_more_moves_a_host_to_the_new_one_or_not_at_all(name, of):
    assert shard_of(name, of + 1) in {shard_of(name, of), of + 1}


@given(st.dictionaries(NAMES, GROUPS, max_size=12), NAMES)
def test_another_host_moves_no_other(hosts, name):
    before = keys(hosts)
    after = keys({**hosts, name: ()})
    assert all(after[other] == key for other, key in before.items() if other != name)


@given(st.dictionaries(NAMES, GROUPS, min_size=1, max_size=12), NAMES, GROUPS)
def test_another_host_that_joins_no_two_groups_moves_no_other(hosts, name, groups):
    """Of hosts that stay together, too."""
    hosts = {**hosts, "all": ("z",)}
    before = keys(hosts, "[a-z]")
    known = {group for groups in hosts.values() for group in groups}
    one = sorted(groups & known)[:1]
    after = keys({**hosts, name: one}, "[a-z]")
    assert all(after[other] == key for other, key in before.items() if other != name)


@given(st.dictionaries(NAMES, GROUPS, max_size=12))
def test_hosts_that_share_a_group_stay_together(hosts):
    found = keys({**hosts, "all": ("z",)}, "[a-z]")
    for name, groups in hosts.items():
        for other, others in hosts.items():
            if groups & others:
                assert found[name] == found[other]


def test_hosts_that_share_none_do_not():
    hosts = {f"web{number}": [f"rack{number % 20}", "web"] for number in range(100)}
    assert len(set(keys(hosts, "rack*").values())) == 20
    assert len(set(keys(hosts, "web").values())) == 1
    assert len(set(keys(hosts).values())) == 100


def test_a_pattern_that_names_no_group_is_a_mistake():
    with pytest.raises(UsageError, match="no host is in a group 'rock_"):
        keys({"a": ["rack_1"]}, "rack_*,rock_*")


def test_shards_are_of_like_size():
    sizes = Counter(shard_of(f"web{number:03}", 4) for number in range(400))
    assert sorted(sizes) == [1, 2, 3, 4]
    assert 80 <= min(sizes.values()) <= max(sizes.values()) <= 120


def test_where_a_host_goes_is_the_same_in_every_version():
    """Controllers of different versions must agree."""
    found = [shard_of(name, 4) for name in ("web01", "web02", "db.example", "root@[::1]:22", "größe", "\udce9")]
    assert found == [2, 1, 3, 2, 1, 1]


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "1/0", "a/b", "1/4/2", "-1/4", "1/10001", "¹/4", "1 /4"])
def test_what_is_no_shard(text):
    with pytest.raises(UsageError, match="not a share"):
        Shard.parse(text)


def test_a_shard_is_written_as_it_is_read():
    assert str(Shard.parse(" 2/4 ")) == "2/4"
