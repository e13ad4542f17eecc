"""This machine as a host like any other."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable

from provisioner.errors import AnswerTooLongError, ConnectionLostError, UnreachableError
from provisioner.transports.base import ENDLESS, SILENT, Completed, Feed, OnLine
from provisioner.transports.lines import Lines, TooMuchError
from provisioner.transports.local_command import attached, stream


class LocalTransport:
    """Runs scripts through `sh -s`, in a session of their own: Ctrl-C ends the controller, not a half-done script."""

    def __init__(self, name: str = "localhost", *, become_method: str = "") -> None:
        self._name = name
        self._become_method = become_method

    @property
    def name(self) -> str:
        return self._name

    @property
    def become_method(self) -> str:
        return self._become_method

    def connect(self) -> None:
        """Nothing to connect."""

    def close(self) -> None:
        """Nothing to close."""

    def run(self, script: str, *, timeout: float, on_line: OnLine | None = None) -> Completed:
        self._need_a_shell()
        deadline = time.monotonic() + timeout
        out, err = Lines(on_line), Lines()
        pending = memoryview(script.encode("utf-8", "surrogateescape"))
        with (
            subprocess.Popen(
                ["sh", "-s"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            ) as process,
            selectors.DefaultSelector() as selector,
        ):
            assert process.stdin  # noqa: S101 # it is a pipe
            assert process.stdout  # noqa: S101 # it is a pipe
            assert process.stderr  # noqa: S101 # it is a pipe
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
            selector.register(process.stdout, selectors.EVENT_READ, out)
            selector.register(process.stderr, selectors.EVENT_READ, err)
            while selector.get_map():
                ready = selector.select(deadline - time.monotonic())
                if not ready:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise ConnectionLostError(f"{self._name}: no end after {timeout:.0f} s", hint=SILENT)
                for key, _ in ready:
                    if key.fileobj is process.stdin:
                        try:
                            pending = pending[os.write(key.fd, pending[:65536]) :]
                        except BrokenPipeError:
                            pending = pending[:0]
                        if not pending:
                            selector.unregister(process.stdin)
                            process.stdin.close()
                    elif chunk := os.read(key.fd, 65536):
                        try:
                            key.data.feed(chunk)
                        except TooMuchError as cause:
                            os.killpg(process.pid, signal.SIGKILL)
                            raise AnswerTooLongError(f"{self._name}: {cause}", hint=ENDLESS) from cause
                        except AnswerTooLongError:  # the listener's limit
                            os.killpg(process.pid, signal.SIGKILL)
                            raise
                    else:
                        selector.unregister(key.fileobj)
            status = process.wait()
        return Completed(status, out.text(), err.text())

    def stream(
        self, command: str, *, out: Feed, err: Feed, content: Iterable[bytes] = (), timeout: float | None = None
    ) -> int:
        self._need_a_shell()
        return stream(self._name, command, out=out, err=err, content=content, timeout=timeout)

    def terminal(self, command: str) -> int:
        self._need_a_shell()
        return attached(command)

    def _need_a_shell(self) -> None:
        if os.name == "nt" or shutil.which("sh") is None:
            raise UnreachableError(
                f"{self._name}: this machine has no sh, and engines are changed on Linux",
                hint="name a host, as [user@]host; Docker Desktop's mirrors: provisioner mirror status --desktop",
            )
