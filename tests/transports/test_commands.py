"""One command with streams or a terminal of its own, on this machine and over SSH; see transports/base.py."""

from __future__ import annotations

import hashlib
import os
import threading
import time

import pytest

from provisioner.errors import ConnectionLostError, UnreachableError
from provisioner.transports.local import LocalTransport
from tests.transports.ssh_server import Server

# paramiko's own threads end with an EOFError when the other end, here in the same process, goes first.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(params=["local", "ssh"])
def transport(request, ssh):
    if request.param == "local":
        yield LocalTransport("web1")
        return
    with Server(password="secret") as server:
        yield ssh(server)


def streamed(transport, command, content=(), **more):
    out, err = bytearray(), bytearray()
    status = transport.stream(command, out=out.extend, err=err.extend, content=content, **more)
    return status, bytes(out), bytes(err)


def test_status_and_both_streams(transport):
    assert streamed(transport, "echo out; echo err >&2; exit 3") == (3, b"out\n", b"err\n")


def test_its_stdin_is_at_its_end(transport):
    assert streamed(transport, "cat; echo after") == (0, b"after\n", b"")


def test_content_arrives_to_the_byte_while_output_comes(transport):
    pieces = [os.urandom(1 << 20) for _ in range(16)]
    whole = b"".join(pieces)
    status, out, _ = streamed(transport, "tee /dev/stderr | sha256sum", iter(pieces))
    assert (status, out.split()[0].decode()) == (0, hashlib.sha256(whole).hexdigest())


def test_output_comes_as_it_is_printed(transport):
    heard = []
    begun = time.monotonic()
    transport.stream(
        "echo first; sleep 1; echo last", out=lambda chunk: heard.append((time.monotonic(), chunk)), err=heard.append
    )
    assert [chunk for _, chunk in heard] == [b"first\n", b"last\n"]
    assert heard[1][0] - heard[0][0] > 0.5
    assert heard[0][0] - begun < 20


def test_a_command_that_does_not_read_ends(transport):
    assert streamed(transport, "exit 4", (b"x" * 65536 for _ in range(200)))[0] == 4


def test_killed(transport):
    assert streamed(transport, "kill -9 $$")[0] < 0


def test_the_time_is_up(transport):
    with pytest.raises(ConnectionLostError, match="no end after 1 s"):
        streamed(transport, "sleep 30", timeout=1)


@pytest.mark.parametrize("stream", ["out", "err"])
def test_what_the_listener_raises_ends_it(transport, stream):
    def listen(chunk):
        raise ConnectionLostError("enough")

    feeds = {"out": bytearray().extend, "err": bytearray().extend, stream: listen}
    begun = time.monotonic()
    with pytest.raises(ConnectionLostError, match="enough"):
        transport.stream("echo out; echo err >&2; sleep 60", **feeds)
    assert time.monotonic() - begun < 30


def test_content_that_breaks_off_is_an_end(transport):
    def content():
        yield b"begun\n"
        raise OSError(5, "the disk")

    assert streamed(transport, "cat", content()) == (0, b"begun\n", b"")


def test_several_over_one_connection(transport):
    assert [streamed(transport, f"echo {number}")[1] for number in range(3)] == [b"0\n", b"1\n", b"2\n"]
    assert transport.run("echo script", timeout=20).stdout == "script\n"


def test_a_connection_that_breaks(ssh):
    with Server(password="secret") as server:
        transport = ssh(server)
        threading.Timer(1, server.drop).start()
        with pytest.raises(ConnectionLostError):
            streamed(transport, "sleep 60")


def test_a_server_without_terminals(ssh):
    with Server(password="secret") as server, pytest.raises(UnreachableError, match="refuses a terminal"):
        ssh(server).terminal("true")
