"""Which names of hosts and users are taken, by the rules of OpenSSH."""

from __future__ import annotations

import pytest

from provisioner.errors import UsageError
from provisioner.transports.ssh_names import canonical, check_host, check_user, jump_place


@pytest.mark.parametrize(
    "name",
    [
        "web1",
        "WEB1.example.com",
        "10.0.0.1",
        "::1",
        "fe80::1%eth0",
        "web_1",
        "a-b",
        "b\u00fccher.example",
        "web*",
        "[x]",
    ],
)
def test_hosts_that_openssh_takes(name):
    assert check_host(name) == name


@pytest.mark.parametrize(
    "name", ["root", "me@corp", "CORP\\me", "svc$", "first last", "a-b", "o_o", "me+tag", "j\u00fcrgen", "%u", "*"]
)
def test_users_that_openssh_takes(name):
    assert check_user(name) == name


@pytest.mark.parametrize(
    "name", ["me\\", "a -b", "-", "o'brien", "x(y)", "a;b", 'a"b', "a`b", "{x}", "a\x00b", "x" * 2000]
)
def test_users_that_openssh_does_not_take(name):
    with pytest.raises(UsageError):
        check_user(name)


@pytest.mark.parametrize(
    "place", ["gate,x", "gate:22:23@x;y", "-gate", "me@-gate", "-me@gate", "[::1;x]:22", "gate:\u0663"]
)
def test_places_that_are_none(place):
    with pytest.raises(UsageError):
        jump_place(place)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("WEB1.Example", "web1.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::FFFF:10.0.0.1", "::ffff:10.0.0.1"),
        ("x" * 300, "x" * 300),
        ("B\u00dcCHER", "b\u00fccher"),
    ],
)
def test_names_as_known_hosts_has_them(name, expected):
    assert canonical(name) == expected
