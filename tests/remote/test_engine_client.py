"""Which way leads to an engine, and what of a client's streams is for whom."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ApplyError, PrivilegeError, UnsupportedError
from provisioner.facts.login import Login
from provisioner.remote.engine_client import Way, find_way, run_at_terminal, run_streaming, tell_client
from provisioner.remote.images import login_of
from provisioner.transports.base import Completed

DENIED = "permission denied while trying to connect to the Docker daemon socket"
FRAMES = {"client": "/usr/bin/docker", "settings": "/root/.docker", "socket": "unix:///run/user/7/docker.sock"}


class Host:
    """A host that answers as it is told: `frames` to a script, `said` and `status` to a command."""

    name = "web"
    become_method = ""

    def __init__(self, frames=(), said=b"", status=0, pieces=1000):
        self.frames, self.said, self.status, self.pieces = dict(frames), said, status, pieces
        self.commands = []

    def run(self, script, *, timeout, on_line=None):
        nonce = re.search(r"^N=(\S+)$", script, re.MULTILINE)[1]
        text = "".join(
            f"\n@@{nonce} begin {name}\n{body}\n@@{nonce} end {name}\n" for name, body in self.frames.items()
        )
        return Completed(0, f"{text}\n@@{nonce} done 0\n", "")

    def stream(self, command, *, out, err, content=(), timeout=None):
        self.commands.append((command, b"".join(content)))
        script = re.sub(rb"\\(\d{3})", lambda code: bytes([int(code[1], 8)]), command.encode())
        nonce = re.search(rb"'@@%s client %s\\n' (\w+)", script)
        said = self.said.replace(b"NONCE", nonce[1] if nonce else b"")
        for at in range(0, len(said), self.pieces):
            err(said[at : at + self.pieces])
        return self.status


def login(sudo, said=""):
    account = "uid=0(root)" if sudo == "root" else "uid=1000(ops)"
    return {"login": f"{account}\n{sudo}\n{said}"}


@pytest.mark.parametrize(
    ("sudo", "means"), [("root", ""), ("unneeded", ""), ("nopasswd", "nopasswd"), ("password", "password")]
)
def test_the_way_is_that_of_the_account(sudo, means):
    way = find_way(Host({**login(sudo), **FRAMES}), become_password="secret")
    assert way == Way(*FRAMES.values(), means)


@pytest.mark.parametrize(
    ("told", "asks", "end"),
    [
        ({**login("password", "sudo asks for a password"), "problem": DENIED, **FRAMES}, True, "password"),
        ({**login("password", "sudo asks for a password"), "problem": DENIED, **FRAMES}, False, PrivilegeError),
        ({**login("none", "sudo is not installed"), "problem": DENIED, **FRAMES}, True, PrivilegeError),
        ({**login("root"), "problem": "client", "client": ""}, True, UnsupportedError),
    ],
    ids=["sudo asks at the terminal", "there is no terminal", "no sudo", "no client"],
)
def test_where_there_is_no_way_without_a_password(told, asks, end):
    if isinstance(end, str):
        # What the account itself has is not what root has.
        assert find_way(Host(told), become_password=None, asks=asks) == Way("/usr/bin/docker", "", "", end)
        return
    with pytest.raises(end):
        find_way(Host(told), become_password=None, asks=asks)


@pytest.mark.parametrize(
    ("sudo", "before", "content"),
    [("", "sh -c ", b"typed"), ("nopasswd", "sudo -n sh -c ", b"typed"), ("password", "sudo -k -S ", b"secret\ntyped")],
)
def test_a_password_goes_first_where_sudo_reads_one(sudo, before, content):
    host = Host(status=3)
    way = Way("docker", "", "", sudo)
    kept = {"become_password": "secret", "out": print, "err": print}
    assert run_streaming(host, way, ("run", "x"), content=[b"typed"], **kept) == 3
    ((command, fed),) = host.commands
    assert command.startswith(before)
    assert fed == content
    assert "secret" not in command


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(1, 12))
def test_the_line_of_the_client_is_taken_out_of_its_errors(before, after, size):
    heard, begun = bytearray(), []
    host = Host(said=before + b"@@NONCE client 4711\n" + after, pieces=size)
    status = run_streaming(
        host, Way("docker", "", "", ""), ("run", "x"),
        become_password=None, out=print, err=heard.extend, begun=begun.append,
    )  # fmt: skip
    assert (status, bytes(heard), begun) == (0, before + after, [4711])


def test_errors_of_what_never_became_a_client_are_passed_on():
    heard, begun = bytearray(), []
    status = run_streaming(
        Host(said=b"sh: docker: not found", status=127, pieces=5), Way("docker", "", "", ""), ("run", "x"),
        become_password=None, out=print, err=heard.extend, begun=begun.append,
    )  # fmt: skip
    assert (status, bytes(heard), begun) == (127, b"sh: docker: not found", [])


def test_a_signal_that_does_not_arrive_is_an_error():
    way = Way("docker", "", "", "nopasswd")
    tell_client(host := Host(), way, 4711, "INT", become_password=None)
    ((command, _),) = host.commands
    assert command.startswith("sudo -n sh -c ")
    assert "kill -s INT 4711" in command
    with pytest.raises(ApplyError, match="No such process"):
        tell_client(Host(said=b"kill: No such process\n", status=1), way, 4711, "INT", become_password=None)


class Told:
    """Keeps what it is asked to run."""

    def stream(self, command, *, out, err, content=(), timeout=None):
        self.command, self.content = command, b"".join(content)
        return 0

    def terminal(self, command):
        self.command = command
        return 0


@pytest.mark.parametrize(
    ("way", "begins", "fed"),
    [
        (("",), "sh -c '", b"in"),
        (("nopasswd",), "sudo -n sh -c '", b"in"),
        (("nopasswd", "doas"), "doas -n sh -c '", b"in"),
        (("password",), "sudo -k -S -p '' sh -c '", b"secret\nin"),
        (("password", "doas", True), "sh -c '", b"secret\nin"),
        (("password", "su", True), "sh -c '", b"secret\nin"),
        (("nopasswd", "sudo", True), "sh -c '", b"secret\nin"),
    ],
)
def test_streams(way, begins, fed):
    host = Told()
    run_streaming(
        host, Way("docker", "", "", *way), ["ps"], become_password="secret", out=print, err=print, content=[b"in"]
    )
    assert host.command.startswith(begins)
    assert host.content == fed
    assert "secret" not in host.command


@pytest.mark.parametrize(
    ("way", "begins"),
    [
        (("password",), "sudo -p '[sudo] password: ' sh -c '"),
        (("password", "doas"), "doas sh -c '"),
        (("password", "su"), 'sh -c \'eval "$(printf -- "exec su -s /bin/sh -c '),
        (("nopasswd", "sudo", True), "sudo -n sh -c '"),
        (("nopasswd", "doas"), "doas -n sh -c '"),
    ],
)
def test_at_a_terminal_they_ask_themselves(way, begins):
    host = Told()
    run_at_terminal(host, Way("docker", "", "", *way), ["ps"])
    assert host.command.startswith(begins)


def test_an_answer_without_a_login_is_of_nobody():
    assert login_of({}) is None
    assert login_of({"login": "uid=1(a) groups=1(a)\nunneeded\n"}) == Login("a", 1, ("a",), "unneeded")
