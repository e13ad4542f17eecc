"""~/.ssh/config: what is honoured, and what is said of mistakes in it."""

from __future__ import annotations

import os

import pytest

from provisioner.errors import HostKeyError, UnreachableError, UsageError
from provisioner.transports.ssh_config import SSHOptions, jump_place, resolve
from tests.transports.ssh_server import Server, key

# paramiko's own threads end with an EOFError when the other end, here in the same process, goes first.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def test_defaults(config, home, monkeypatch):
    monkeypatch.setenv("USER", "me")
    monkeypatch.setenv("LOGNAME", "me")
    found = resolve(SSHOptions("web1"))
    assert (found.host, found.port, found.user, found.jump, found.proxy_command) == ("web1", 22, "me", None, None)
    assert found.default_keys == tuple(f"{home}/.ssh/id_{kind}" for kind in ("ed25519", "ecdsa", "rsa"))
    assert found.known_hosts[0] == f"{home}/.ssh/known_hosts"
    assert "/etc/ssh/ssh_known_hosts" in found.known_hosts
    assert (found.accept_new, found.timeout, found.agent_for_others) == (False, 15.0, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HostName 192.0.2.1\nPort 2222\nUser deploy", {"host": "192.0.2.1", "port": 2222, "user": "deploy"}),
        ("HostName %h.example.com", {"host": "web1.example.com", "known_as": "web1.example.com"}),
        ("IdentityFile ~/k1\nIdentityFile ~/k2\nIdentitiesOnly yes", {"agent_for_others": False, "default_keys": ()}),
        ("ProxyJump a,b", {"jump": "a,b"}),
        ("ProxyJump none", {"jump": None}),
        ("ProxyCommand none", {"proxy_command": None}),
        ("ProxyCommand nc -x proxy %h %p", {"proxy_command": "nc -x proxy web1 22"}),
        ("UserKnownHostsFile /a /b\nGlobalKnownHostsFile none", {"known_hosts": ("/a", "/b")}),
        ("StrictHostKeyChecking accept-new", {"accept_new": True}),
        ("StrictHostKeyChecking no", {"accept_new": True}),
        ("StrictHostKeyChecking ask", {"accept_new": False}),
        ("StrictHostKeyChecking yes", {"accept_new": False}),
        ("ConnectTimeout 3", {"timeout": 3.0}),
        ("HostKeyAlias cluster", {"known_as": "cluster"}),
        ('User "two words"', {"user": "two words"}),
    ],
)
def test_options(config, text, expected):
    config(f"Host web1\n{text}\nHost *\n")
    found = resolve(SSHOptions("web1"))
    assert {name: getattr(found, name) for name in expected} == expected


def test_what_is_given_wins(config, home):
    config(
        "Host web1\n HostName 192.0.2.1\n Port 2222\n User deploy\n ProxyJump a\n ConnectTimeout 3\n IdentityFile ~/k\n"
    )
    given = SSHOptions(
        "web1", user="root", port=22, jump="b", timeout=9.0, key_files=("~/mine",), known_hosts="~/known"
    )
    found = resolve(given)
    assert (found.host, found.port, found.user, found.jump, found.timeout) == ("192.0.2.1", 22, "root", "b", 9.0)
    assert found.keys == (f"{home}/mine", f"{home}/k")
    assert found.known_hosts == (f"{home}/known",)


def test_port_and_user_of_the_options_are_in_a_proxy_command(config):
    config("Host *\n ProxyCommand gate %r %h %p\n")
    assert resolve(SSHOptions("web1", user="root", port=2222)).proxy_command == "gate root web1 2222"


def test_another_file(config):
    path = config("Host web1\n User other\n", "elsewhere")
    assert resolve(SSHOptions("web1", ssh_config=str(path))).user == "other"


def test_the_systems_file_comes_last(config):
    config("Host web1\n User mine\n")
    config("Host *\n User theirs\n Port 77\n", "system_config")
    found = resolve(SSHOptions("web1"))
    assert (found.user, found.port) == ("mine", 77)


def test_a_systems_file_that_openssh_refuses_is_not_passed_over(config):
    """Whoever wrote it meant something; ssh does not start either."""
    config("User mine\n")
    path = config("Match nonsense\n Port 77\n", "system_config")
    with pytest.raises(UsageError, match=f"{path}, line 1: Match nonsense") as caught:
        resolve(SSHOptions("web1"))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", [".ssh/config", "system_config"])
def test_usual_files_that_cannot_be_read_are_passed_over_as_openssh_does(config, monkeypatch, name):
    path = config("Port 77\n", name)
    monkeypatch.setattr(os, "access", lambda tried, mode: str(tried) != str(path))  # root reads everything
    assert resolve(SSHOptions("web1")).port == 22


def test_include(config):
    config("Include conf.d/*\nUser everyone\nHost web1\n  Include inner\n  Port 5\n")
    config("Host web1\n HostName 192.0.2.9\n", ".ssh/conf.d/a")
    config("Host web2\n HostName 192.0.2.8\n", ".ssh/conf.d/b")
    config("ConnectTimeout 7\n", ".ssh/inner")
    found = resolve(SSHOptions("web1"))
    assert (found.host, found.user, found.port, found.timeout) == ("192.0.2.9", "everyone", 5, 7.0)
    assert resolve(SSHOptions("web2")).user == "everyone"
    assert resolve(SSHOptions("web2")).port == 22


def test_include_of_blocks_in_a_block(config):
    config("Host a\n Include ~/blocks\n Port 5\nHost *\n User everyone\n")
    config("User one\nHost b\n Port 1\nHost *\n ConnectTimeout 7\n", "blocks")
    found = {name: resolve(SSHOptions(name)) for name in "ab"}
    assert (found["a"].user, found["a"].port, found["a"].timeout) == ("one", 5, 7.0)
    assert (found["b"].user, found["b"].port, found["b"].timeout) == ("everyone", 22, 15.0)


def test_match(config):
    config("Match host web1 user deploy\n Port 5\nMatch originalhost web2\n Port 6\nMatch all\n User all\n")
    assert resolve(SSHOptions("web1", user="deploy")).port == 5
    assert resolve(SSHOptions("web1")).port == 22
    assert (resolve(SSHOptions("web2")).port, resolve(SSHOptions("web2")).user) == (6, "all")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Host web1\n Port http\n", "port 'http' of host web1 is not a number"),
        ("nonsense\n", "Unparsable line nonsense"),
        ("Match\n Port 1\n", ""),
        ("Match tagged x\n Port 1\n", "line 1: Match tagged is not supported"),
        ('Host "web1\n', ""),
        ("Include ~/itself\n", "nested too deeply"),
        ("Include 'a\n", "No closing quotation"),
        ("Host web1\n CanonicalizeHostname yes\n CanonicalDomains invalid\n CanonicalizeFallbackLocal no\n", ""),
    ],
)
def test_mistakes_are_usage_errors(config, home, text, said, monkeypatch):
    """Said without the help of ssh."""
    monkeypatch.setenv("PATH", "/nowhere")
    config("Host b\n Port 1\n", "blocks")
    config("Include ~/itself\n", "itself")
    path = config(text)
    with pytest.raises(UsageError) as caught:
        resolve(SSHOptions("web1"))
    assert said in str(caught.value)
    assert str(path) in str(caught.value) or "itself" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there(config):
    with pytest.raises(UsageError, match="no such file"):
        resolve(SSHOptions("web1", ssh_config="/nowhere/config"))


def test_a_file_that_is_not_text(config, home):
    (home / ".ssh/config").write_bytes(b"Host \xff\n")
    with pytest.raises(UsageError, match="byte 5 is not UTF-8"):
        resolve(SSHOptions("web1"))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("gate", (None, "gate", None)),
        ("me@gate:2222", ("me", "gate", 2222)),
        ("me@corp@gate", ("me@corp", "gate", None)),
        ("[2001:db8::1]:22", (None, "2001:db8::1", 22)),
        ("2001:db8::1", (None, "2001:db8::1", None)),
        ("ssh://me@gate:22/", ("me", "gate", 22)),
    ],
)
def test_jump_hosts(place, expected):
    assert jump_place(place) == expected


@pytest.mark.parametrize("place", ["", "gate:ssh", "gate:99999", "me@"])
def test_no_jump_hosts(place):
    with pytest.raises(UsageError, match="is not a jump host"):
        jump_place(place)


@pytest.mark.parametrize(
    "options",
    [
        {"port": 0},
        {"port": 65536},
        {"port": -1},
        {"timeout": -1.0},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
    ],
)
def test_numbers_that_are_none(options):
    with pytest.raises(UsageError, match="web1 is not"):
        SSHOptions("web1", **options)


@pytest.mark.parametrize(("text", "timeout"), [("ConnectTimeout 2147483647", 86400.0), ("ConnectTimeout 0", 15.0)])
def test_no_timeout_is_too_large_for_a_socket(config, text, timeout):
    config(f"{text}\n")
    assert resolve(SSHOptions("web1")).timeout == timeout


# --- against servers ----------------------------------------------------------------------------------------------


def test_a_host_of_the_configuration(ssh, config, known_hosts, tmp_path):
    login = key("ecdsa", 5)
    login.write_private_key_file(str(tmp_path / "login"))
    with Server(keys=(login,), user="deploy") as server:
        config(f"Host web1\n HostName 127.0.0.1\n Port {server.port}\n User deploy\n IdentityFile {tmp_path}/login\n")
        known_hosts.write_text(server.known_hosts())
        assert ssh(server, host="web1", port=None, user=None).run("echo hello", timeout=20).stdout == "hello\n"


def test_two_jump_hosts_one_behind_the_other(ssh, config, known_hosts, home):
    login = key("ecdsa", 5)
    login.write_private_key_file(str(home / ".ssh/id_ecdsa"))
    with Server(keys=(login,)) as outer, Server(keys=(login,)) as inner, Server(password="x") as server:
        known_hosts.write_text(outer.known_hosts() + inner.known_hosts() + server.known_hosts())
        config(f"Host inner\n HostName 127.0.0.1\n User user\n Port {inner.port}\n")
        transport = ssh(server, jump=f"user@127.0.0.1:{outer.port},inner")
        assert transport.run("echo hello", timeout=20).stdout == "hello\n"
        assert (outer.connections, inner.connections, server.connections) == (1, 1, 1)


def test_a_jump_host_that_cannot_reach_it(ssh, known_hosts, home):
    login = key("ecdsa", 5)
    login.write_private_key_file(str(home / ".ssh/id_ecdsa"))
    with Server(keys=(login,)) as gate:
        with Server(password="x") as server:
            known_hosts.write_text(gate.known_hosts() + server.known_hosts())
        with pytest.raises(
            UnreachableError, match=f"web1: jump host 127.0.0.1 cannot reach 127.0.0.1 port {server.port}"
        ):
            ssh(server, jump=f"user@127.0.0.1:{gate.port}").connect()


def test_a_jump_host_that_is_not_known(ssh):
    with Server() as gate, Server(password="x") as server:
        gate.host_keys = (key("ecdsa384"),)
        with pytest.raises(HostKeyError, match=r"web1: through jump host 127\.0\.0\.1: its host key is unknown"):
            ssh(server, jump=f"127.0.0.1:{gate.port}").connect()


def test_a_circle_of_jump_hosts(ssh, config):
    with Server(password="x") as server:
        config(f"Host *\n ProxyJump 127.0.0.1:{server.port}\n")
        with pytest.raises(UnreachableError, match="through itself") as caught:
            ssh(server).connect()
        assert "ProxyJump none" in caught.value.hint


def test_a_proxy_command_that_fails(ssh, config):
    with Server(password="x") as server:
        config("Host *\n ProxyCommand echo 'no way to %h' >&2; exit 1\n")
        with pytest.raises(UnreachableError, match=r"no way to 127\.0\.0\.1"):
            ssh(server).connect()
