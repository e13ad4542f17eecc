"""What an engine says at its socket, asked by each program that a host may have for it, in each shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import pytest

from provisioner.scripts.render import shell_text
from tests.engine_socket import engine_socket
from tests.machine import needs

ENGINE = 'have() { command -v "$1" >/dev/null 2>&1; }\n' + shell_text("engine.sh")
PROGRAMS = ["curl", "python3", "perl", "socat"]
INFO = '{"ServerVersion":"28.5.2","Name":"grün \\"\\\\ % @"}\n\n{"more": "\r\n"}\n'


def answer(path):
    if path == "/silent":
        time.sleep(3)
        return None
    if path == "/refused":
        return 404, b'{"message":"no"}\n'
    return 200, {"/info": INFO, "/large": "x" * 200_000 + "\n", "/empty": ""}[path].encode()


@pytest.fixture
def engine(tmp_path):
    with engine_socket(tmp_path / "engine.sock", answer) as running:
        yield running


@pytest.fixture
def ask(tmp_path, engine, shell):
    """A function that runs a script where those programs alone can ask; it returns status and stdout."""

    def run(script, *programs, socket=None):
        folder = tmp_path / "programs"
        folder.mkdir(exist_ok=True)
        for name in (*programs, "timeout", "cat"):
            needs(name)
            (folder / name).symlink_to(os.path.realpath(shutil.which(name, path="/usr/bin:/bin")))
        environment = {"PATH": str(folder), "DOCKER_HOST": f"unix://{socket or engine.server_address}"}
        shell_ = [shutil.which(shell[0]), *shell[1:]]
        done = subprocess.run(
            shell_, input=f"{ENGINE}\n{script}".encode(), env=environment, capture_output=True, check=False, timeout=20
        )
        assert done.stderr == b""
        return done.returncode, done.stdout.decode()

    return run


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_answer_comes_to_the_byte(ask, program):
    assert ask("engine_get 5 /info", program) == (0, INFO)


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_is_kept_with_the_program_that_asked(ask, program):
    assert ask('engine_api && printf "%s|%s" "$by" "$answer"', program) == (0, f"{program}|{INFO}")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("path", "told"), [("/large", (0, "x" * 200_000 + "\n")), ("/empty", (0, "")), ("/refused", (22, ""))]
)
def test_what_is_long_empty_or_refused(ask, program, path, told):
    assert ask(f"engine_get 5 {path}", program) == told


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_login_goes_along_where_there_is_one(ask, engine, program):
    assert ask("engine_get 5 /info bWU6aXQ= && engine_get 5 /info", program) == (0, INFO * 2)
    assert engine.logins == ["bWU6aXQ=", None]


@pytest.mark.parametrize("program", PROGRAMS[:3])
def test_an_engine_that_is_silent_is_asked_once(ask, engine, program):
    assert ask("engine_get 1 /silent", program, "socat") == (124, "")
    assert engine.logins == [None]


def test_a_program_that_cannot_ask_leaves_it_to_the_next(ask, tmp_path):
    """curl before 7.40 knows no such sockets."""
    curl = tmp_path / "programs/curl"
    curl.parent.mkdir()
    curl.write_text("#!/bin/sh\nexit 2\n")
    curl.chmod(0o755)
    assert ask('engine_api && printf "%s" "$by"', "perl") == (0, "perl")


@pytest.mark.parametrize("programs", [PROGRAMS, []], ids=["all", "none"])
def test_nobody_is_there_or_nobody_can_ask(ask, tmp_path, programs):
    assert ask('engine_api || echo "$? $by."', *programs, socket=tmp_path / "none.sock") == (0, "1 .\n")


def test_an_engine_behind_a_port_has_no_socket(ask, engine):
    assert ask("DOCKER_HOST=tcp://127.0.0.1:2375; engine_get 5 /info", *PROGRAMS) == (1, "")
    assert engine.logins == []
