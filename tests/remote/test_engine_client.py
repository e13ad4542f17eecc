"""One command of docker through whatever makes an account root: the line that its shell gets, and what it is fed."""

from __future__ import annotations

import pytest

from provisioner.facts.login import Login
from provisioner.remote.engine_client import Way, run_at_terminal, run_streaming
from provisioner.remote.images import login_of


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
