from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.catalogue.versions import candidate, newer, newest, order, satisfies, upstream

NUMBER = st.integers(0, 99)
RELEASE = st.tuples(NUMBER, NUMBER, NUMBER)
PATTERNS = st.sampled_from([
    "5:{}-1~ubuntu.24.04~noble",
    "5:{}~3-0~ubuntu-focal",
    "3:{}-1.el9",
    "1:{}-1.el7",
    "{}~ce~3-0~ubuntu",
    "{}+dfsg1-1+deb12u1",
    "{}",
])  # fmt: skip


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("5:26.1.5-1~debian.13~trixie", "26.1.5"),
        ("5:20.10.24~3-0~debian-bookworm", "20.10.24"),
        ("18.06.3~ce~3-0~ubuntu", "18.06.3"),
        ("17.03.2~ce-0~ubuntu-xenial", "17.03.2"),
        ("3:26.1.4-1.el7", "26.1.4"),
        ("1:26.1.4-1.el7", "26.1.4"),
        ("20.10.24+dfsg1-1+deb12u1", "20.10.24"),
        ("25.0.8-1.amzn2023.0.5", "25.0.8"),
        ("5:29.0.0~rc.1-1~ubuntu.24.04~noble", "29.0.0"),
    ],
)
def test_the_engines_own_version_is_read_from_every_pattern(package, version):
    assert upstream(package) == version


@given(RELEASE, PATTERNS, st.integers(1, 3))
def test_a_version_satisfies_each_of_its_prefixes(release, pattern, length):
    package = pattern.format(".".join(map(str, release)))
    assert satisfies(package, ".".join(map(str, release[:length])))


@given(RELEASE, RELEASE, PATTERNS, st.integers(1, 3))
def test_a_prefix_is_one_of_whole_numbers(release, other, pattern, length):
    package = pattern.format(".".join(map(str, release)))
    assert satisfies(package, ".".join(map(str, other[:length]))) == (release[:length] == other[:length])


@given(st.lists(RELEASE, min_size=1), PATTERNS)
def test_the_newest_is_the_greatest_by_number(releases, pattern):
    packages = [pattern.format(".".join(map(str, release))) for release in releases]
    assert upstream(newest(packages)) == ".".join(map(str, max(releases)))


@pytest.mark.parametrize(
    ("versions", "wanted", "expected"),
    [
        (["5:20.10.17~3-0~a", "5:20.10.1~3-0~a"], "20.10.1", "5:20.10.1~3-0~a"),
        (["5:20.10.17~3-0~a"], "20.10.1", None),
        (["5:28.3.10-1~a", "5:28.3.9-1~a", "5:28.30.1-1~a"], "28.3", "5:28.3.10-1~a"),
        (["5:29.0.0~rc.2-1~a", "5:28.5.2-1~a"], "latest", "5:28.5.2-1~a"),
        (["5:29.0.0~rc.2-1~a", "5:28.5.2-1~a"], "29", "5:29.0.0~rc.2-1~a"),
        (["5:29.0.0~rc.2-1~a", "5:29.0.0-1~a"], "29.0.0", "5:29.0.0-1~a"),
        (["5:29.0.0~rc.2-1~a"], "29.0.0", None),
        (["5:29.0.0~rc.2-1~a", "5:29.0.0~rc.10-1~a"], "29.0.0-rc.2", "5:29.0.0~rc.2-1~a"),
        (["18.06.3~ce~3-0~ubuntu", "18.06.1~ce~3-0~ubuntu"], "18.06", "18.06.3~ce~3-0~ubuntu"),
        (["3:26.1.5-2.el9", "3:26.1.5-10.el9"], "26.1.5", "3:26.1.5-10.el9"),
        ([], None, None),
    ],
)
def test_the_newest_that_is_wanted(versions, wanted, expected):
    assert newest(versions, wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "limit", "expected"),
    [
        ("29", "26.1.4", True),
        ("26", "26.1.4", False),
        ("26.1", "26.1.4", False),
        ("26.1.5", "26.1.4", True),
        ("26.1.4", "26.1.4", False),
        ("26.2", "26.1.4", True),
        ("20.10.24", "26.1.4", False),
        ("18.09", "18.06.3", True),
    ],
)
def test_what_is_newer_than_the_last_engine(wanted, limit, expected):
    assert newer(wanted, limit) is expected


def test_a_candidate_is_older_than_its_release():
    assert candidate("5:29.0.0~rc.1-1~ubuntu") == "rc.1"
    assert candidate("5:29.0.0-1~ubuntu.24.04~noble") == ""
    assert order("5:29.0.0~rc.1-1~a") < order("5:29.0.0-1~a")
