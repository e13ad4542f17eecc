"""A command of this machine, with content fed to it and its output passed on; or at this process's own terminal."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterable
from typing import IO

from provisioner.errors import ConnectionLostError
from provisioner.transports.base import SILENT, Feed
from provisioner.transports.terminal import put_back

CHUNK = 1 << 16
GRACE = 5.0
"""Seconds that a command has to end after it was asked to."""


def stream(name: str, command: str, *, out: Feed, err: Feed, content: Iterable[bytes], timeout: float | None) -> int:
    """See `provisioner.transports.base.Transport`. When the caller is interrupted, the command is asked to end."""
    with subprocess.Popen(
        ["sh", "-c", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill(process, signal.SIGKILL)

        watch = threading.Timer(timeout or 0, end)
        watch.daemon = True
        if timeout is not None:
            watch.start()
        try:
            _flow(process, content, out, err)
            status = process.wait()
        except BaseException:
            _kill(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            _kill(process, signal.SIGKILL)
            raise
        finally:
            watch.cancel()
    if late.is_set():
        raise ConnectionLostError(f"{name}: no end after {timeout or 0:.0f} s", hint=SILENT)
    return status


def attached(command: str) -> int:
    """Run `command` on this process's own terminal, which is afterwards as it was; return the exit status."""
    with put_back():
        # Ctrl-C is for the command, which shares the terminal; what it does with it is its own matter.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            with subprocess.Popen(["sh", "-c", command]) as process:
                try:
                    return process.wait()
                except BaseException:
                    process.terminate()
                    raise
        finally:
            signal.signal(signal.SIGINT, before)


def _flow(process: subprocess.Popen[bytes], content: Iterable[bytes], out: Feed, err: Feed) -> None:
    assert process.stdin  # noqa: S101 # it is a pipe
    assert process.stdout  # noqa: S101 # it is a pipe
    assert process.stderr  # noqa: S101 # it is a pipe
    raised: list[Exception] = []

    def drain(stream: IO[bytes], feed: Feed) -> None:
        try:
            while chunk := os.read(stream.fileno(), CHUNK):
                feed(chunk)
        except Exception as error:  # noqa: BLE001 # raised where somebody hears it
            raised.append(error)
            _kill(process, signal.SIGKILL)

    feeding = threading.Thread(target=_feed, args=(process.stdin, content), daemon=True)
    errors = threading.Thread(target=drain, args=(process.stderr, err), daemon=True)
    feeding.start()
    errors.start()
    drain(process.stdout, out)
    errors.join()
    if raised:
        raise raised[0]


def _feed(stdin: IO[bytes], content: Iterable[bytes]) -> None:
    try:
        for piece in content:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(stdin.fileno(), rest[:CHUNK]) :]
    except (OSError, ValueError):  # nobody listens, or the content cannot be read to its end
        pass
    finally:
        with contextlib.suppress(OSError):
            stdin.close()


def _kill(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
