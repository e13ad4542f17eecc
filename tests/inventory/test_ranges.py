from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.inventory.ranges import expand, hosts_and_port


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("web", ["web"]),
        ("web[01:03]", ["web01", "web02", "web03"]),
        ("web[9:11]", ["web9", "web10", "web11"]),
        ("db-[a:c].example.com", ["db-a.example.com", "db-b.example.com", "db-c.example.com"]),
        ("n[0:10:5]", ["n0", "n5", "n10"]),
        ("n[a:e:2]", ["na", "nc", "ne"]),
        ("r[1:2]n[1:2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
        ("n[:2]", ["n0", "n1", "n2"]),
        ("192.0.2.[10:12]", ["192.0.2.10", "192.0.2.11", "192.0.2.12"]),
    ],
)
def test_names(pattern, names):
    assert expand(pattern) == names


@pytest.mark.parametrize(
    ("pattern", "names", "port"),
    [
        ("web[1:2]:2222", ["web1", "web2"], 2222),
        ("192.0.2.1:22", ["192.0.2.1"], 22),
        ("2001:db8::1", ["2001:db8::1"], None),
        ("[2001:db8::1]:2222", ["2001:db8::1"], 2222),
        ("[2001:db8::1]", ["2001:db8::1"], None),
        ("fe80::1%eth0", ["fe80::1%eth0"], None),
    ],
)
def test_ports_and_ipv6(pattern, names, port):
    assert hosts_and_port(pattern) == (names, port)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("web[1]", "is not a range"),
        ("web[1:2:3:4]", "is not a range"),
        ("web[1:]", "needs an end"),
        ("web[01:100]", "equal length"),
        ("web[5:1]", "begins after its end"),
        ("web[f:a]", "begins after its end"),
        ("web[1:9:0]", "step"),
        ("web[1:9:x]", "step"),
        ("web[a:9]", "neither over numbers nor over single letters"),
        ("web[aa:ab]", "neither over numbers nor over single letters"),
        ("web[1:2", "bracket"),
        ("web1:2]", "bracket"),
        ("web[1:99999999999]", "more than"),
        ("web[1:1000][1:1000]", "more than"),
        ("web:99999", "is not a port"),
    ],
)
def test_what_cannot_be_read(pattern, said):
    with pytest.raises(ValueError, match=said):
        hosts_and_port(pattern)


@given(
    st.integers(0, 500), st.integers(0, 200), st.integers(1, 9), st.integers(0, 5), st.sampled_from(["", "-x", ".a.b"])
)
def test_numbers_are_a_range_with_leading_zeros(begin, more, step, zeros, tail):
    end = begin + more
    width = len(str(end)) + zeros
    first, last = (str(number).zfill(width) for number in (begin, end))
    if not (first.startswith("0") and len(first) > 1):
        width = 0
    assert expand(f"h[{first}:{last}:{step}]{tail}") == [
        f"h{str(number).zfill(width)}{tail}" for number in range(begin, end + 1, step)
    ]


@given(st.text(string.ascii_lowercase + "-.", max_size=5), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_several_ranges_multiply(head, sizes):
    names = expand(head + "x".join(f"[1:{size}]" for size in sizes))
    product = 1
    for size in sizes:
        product *= size
    assert len(set(names)) == len(names) == product
    assert names == sorted(names)
