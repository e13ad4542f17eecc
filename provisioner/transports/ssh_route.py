"""The stream to an SSH server: a TCP connection or the configured ProxyCommand."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile

from provisioner.errors import UnreachableError

_PORT = "check the address, -p/--port and whether sshd runs there"


def tcp(name: str, host: str, port: int, timeout: float) -> socket.socket:
    """Connect to the first address of `host` that answers.

    Raises:
        UnreachableError: says why none does.
    """
    try:
        connection = socket.create_connection((host, port), timeout)
        # SSH answers small packets with small packets; Nagle's algorithm costs 40 ms for each of them.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection  # noqa: TRY300 # both lines can fail alike
    except (socket.gaierror, UnicodeError) as cause:
        raise UnreachableError(f"{name}: the name {host} does not resolve", hint="check its spelling") from cause
    except ConnectionRefusedError as cause:
        raise UnreachableError(f"{name}: {host} refuses connections to port {port}", hint=_PORT) from cause
    except TimeoutError as cause:
        raise UnreachableError(f"{name}: {host} port {port}: no answer within {timeout:.0f} s", hint=_PORT) from cause
    except OSError as cause:
        raise UnreachableError(f"{name}: {host} port {port}: {cause.strerror or cause}", hint=_PORT) from cause


class ProxyCommand:
    """A ProxyCommand at the other end of `socket`; a socket of our own has timeouts that work."""

    def __init__(self, command: str) -> None:
        self.command = command
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 # closed in close
        self.socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._words,
                start_new_session=True,
            )

    def last_words(self) -> str:
        """The last line of what the command complained of."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._process.wait(0.5)
        self._words.seek(0)
        lines = self._words.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        self.socket.close()
        with contextlib.suppress(OSError):
            self._process.terminate()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._words.close()
