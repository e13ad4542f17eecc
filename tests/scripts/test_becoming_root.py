"""Which of sudo, doas and su is taken, what each is told and by which way; with stand-ins for them on this machine."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from provisioner.facts.frames import frames
from provisioner.facts.login import login
from provisioner.scripts import render
from tests.machine import lacks
from tests.scripts.shells import SHELLS
from tests.ways_to_root import (
    DOAS,
    DOAS_FORBIDS,
    DOAS_FREE,
    PASSWORD,
    SHUT,
    SU,
    SU_PIPE,
    SU_RUNS,
    SU_TWICE,
    SUDO_ASKS,
    SUDO_FORBIDS,
    SUDO_TTY,
    SUDO_WRONG,
    TOOLS,
)


@pytest.fixture(params=SHELLS)
def shell(request):
    words = SHELLS[request.param]
    if not shutil.which(words[0]):
        lacks(f"this machine has no {words[0]}")
    return [shutil.which(words[0]), *words[1:]]


@pytest.fixture
def run(tmp_path, shell):
    """Run `payload` in the envelope, on a machine that has of sudo, doas and su what is given."""

    def script(payload="echo well", *, password=None, wish="", without=(), **ways):
        folder, private = tmp_path / "bin", tmp_path / "private"
        folder.mkdir()
        private.mkdir()
        for tool in set(TOOLS) - set(without):
            (folder / tool).symlink_to(shutil.which(tool) or lacks(f"this machine has no {tool}"))
        for name, body in ({"id": "echo 'uid=1000(ops) gid=1000(ops)'"} | ways).items():
            (folder / name).write_text(f"#!/bin/sh\n{body}\n")
            (folder / name).chmod(0o755)
        text = render._envelope("n", payload, password, wish, needs_root=False)
        environment = {"PATH": str(folder), "TMPDIR": str(private), "CALLED": str(tmp_path / "called")}
        done = subprocess.run(
            [*shell, "-s"], input=text.encode(), capture_output=True, check=False, timeout=60, env=environment
        )
        assert list(private.iterdir()) == []
        return done

    return script


def told(done):
    """(kind, method, whether on a terminal, why not)."""
    text = done.stdout.decode(errors="surrogateescape") + "\n@@n done 0\n"
    found = login(frames(text, "n")[0].body)
    return found.sudo, found.method, found.terminal, found.sudo_message


@pytest.mark.parametrize(
    ("ways", "options", "expected"),
    [
        ({}, {}, ("none", "sudo", False, "neither sudo nor doas is installed")),
        ({"sudo": SUDO_ASKS}, {}, ("password", "sudo", False, "sudo asks for a password")),
        ({"sudo": SUDO_ASKS, "doas": DOAS_FREE}, {}, ("nopasswd", "doas", False, "")),
        ({"sudo": SUDO_TTY}, {}, ("nopasswd", "sudo", True, "")),
        ({"doas": DOAS_FREE}, {"wish": "sudo"}, ("none", "sudo", False, "sudo is not installed")),
        ({"sudo": DOAS_FREE}, {"wish": "doas"}, ("none", "doas", False, "doas is not installed")),
        ({"doas": DOAS}, {}, ("password", "doas", False, "doas asks for a password")),
        ({"doas": DOAS}, {"password": PASSWORD}, ("password", "doas", True, "")),
        ({"doas": DOAS}, {"password": "no"}, ("refused", "doas", False, "doas: Authentication failed")),
        ({"doas": DOAS_FORBIDS, "su": SU}, {"password": PASSWORD}, ("password", "su", True, "")),
        ({"sudo": SUDO_FORBIDS, "su": SU}, {"password": PASSWORD}, ("password", "su", True, "")),
        ({"su": SU}, {}, ("none", "sudo", False, "neither sudo nor doas is installed")),
        ({"su": SU}, {"wish": "su"}, ("password", "su", False, "su asks for a password")),
        ({"su": SU}, {"password": "no"}, ("refused", "su", False, "su: Authentication failure")),
        ({"su": SU_RUNS}, {"password": "no"}, ("nopasswd", "su", True, "")),
        ({"su": SHUT}, {"password": PASSWORD}, ("refused", "su", False, "Password:; This account is currently not available.")),
        (
            {"doas": DOAS},
            {"password": PASSWORD, "without": ("script",)},
            ("refused", "doas", False, "doas wants a terminal, and no script is installed that makes one (packages bsdutils, util-linux)"),
        ),
        ({"su": SU_PIPE}, {"password": PASSWORD, "without": ("script",)}, ("password", "su", False, "")),
    ],
)  # fmt: skip
def test_the_first_that_works_is_taken(run, ways, options, expected):
    done = run(**options, **ways)
    assert told(done) == expected
    assert done.stdout.endswith(b"well\n")


def test_a_password_that_sudo_calls_wrong_goes_nowhere_else(run, tmp_path):
    done = run(password="no", sudo=SUDO_WRONG, su=SU)
    assert told(done) == ("refused", "sudo", False, "sudo: 1 incorrect password attempt")
    assert not (tmp_path / "called").exists()


def test_who_asks_for_more_than_the_password_is_left_alone(run):
    kind, method, _, why = told(run(password=PASSWORD, su=SU_TWICE))
    assert (kind, method) == ("refused", "su")
    assert why.startswith("su: more is asked for than the password")
    assert "You must change your password." in why


@pytest.mark.parametrize("without", [(), ("script",)], ids=["terminal", "pipe"])
def test_nothing_passes_the_terminal_but_the_password(run, tmp_path, without):
    """Lines that no terminal takes, its keys, and what it would make of ends of lines; the status, and both streams."""
    long = "z" * 70_000
    payload = f": {long}\nprintf 'a\\r\\n\\003\\004\\377'; head -c 300000 /dev/zero | tr '\\0' y; echo no >&2; exit 7"
    done = run(payload, password=PASSWORD, su=SU_PIPE if without else SU, without=without)
    _, _, answer = done.stdout.partition(b"@@n end login\n")
    assert answer == b"a\r\n\x03\x04\xff" + b"y" * 300_000
    assert (done.returncode, done.stderr) == (7, b"no\n")
    called = tmp_path / "called"
    assert called.read_bytes() == b""


@pytest.mark.parametrize(
    ("end", "said"),
    [("exit 1", "su showed what was typed"), ("echo 'su: Authentication failure'; exit 1", "su: incorrect password")],
)
def test_a_password_that_is_shown_is_in_no_answer(run, end, said):
    shows = f"stty -echo </dev/tty; sleep 0.4; stty echo </dev/tty; IFS= read -r typed </dev/tty; echo $typed; {end}"
    done = run(password="shown-word", su=shows)
    assert told(done) == ("refused", "su", False, said)
    assert b"shown-word" not in done.stdout + done.stderr


def test_a_password_that_is_a_letter_hides_nothing(run, tmp_path):
    done = run(password="a", sudo=SUDO_WRONG, su=SU)
    assert told(done) == ("refused", "sudo", False, "sudo: 1 incorrect password attempt")
    assert not (tmp_path / "called").exists()
