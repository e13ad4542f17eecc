"""The stream to an SSH server: a TCP connection or the configured ProxyCommand."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
from collections.abc import Mapping

from provisioner.errors import UnreachableError
from provisioner.transports.ssh_settings import Settings

_FAMILIES: Mapping[int, str] = {
    socket.AF_INET: " to an IPv4 address (AddressFamily inet)",
    socket.AF_INET6: " to an IPv6 address (AddressFamily inet6)",
}
_PORT = "check the address, -p/--port and whether sshd runs there"


def tcp(name: str, settings: Settings) -> socket.socket:
    """Connect to the first address of the host that answers, of the family and from the address that are set.

    Raises:
        UnreachableError: says why none does.
    """
    host, port = settings.host, settings.port
    family = _FAMILIES.get(settings.family, "")
    try:
        addresses = socket.getaddrinfo(host, port, settings.family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as cause:
        raise UnreachableError(
            f"{name}: the name {host} does not resolve{family}", hint="check its spelling"
        ) from cause
    problem: Exception | None = None
    for kind, _, _, _, address in addresses:
        connection = socket.socket(kind, socket.SOCK_STREAM)
        try:
            _bind(name, connection, settings.bind_address)
            connection.settimeout(settings.timeout)
            connection.connect(address)
            # SSH answers small packets with small packets; Nagle's algorithm costs 40 ms for each of them.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection  # noqa: TRY300 # all of these lines can fail alike
        except (OSError, UnreachableError) as cause:
            connection.close()
            problem = cause
    if isinstance(problem, UnreachableError):
        raise problem
    if isinstance(problem, ConnectionRefusedError):
        raise UnreachableError(f"{name}: {host} refuses connections to port {port}", hint=_PORT) from problem
    if isinstance(problem, TimeoutError):
        raise UnreachableError(
            f"{name}: {host} port {port}: no answer within {settings.timeout:.0f} s", hint=_PORT
        ) from problem
    raise UnreachableError(
        f"{name}: {host} port {port}: {getattr(problem, 'strerror', None) or problem}", hint=_PORT
    ) from problem


def _bind(name: str, connection: socket.socket, address: str | None) -> None:
    if address is None:
        return
    try:
        found = socket.getaddrinfo(address, None, connection.family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        connection.bind(found[0][4])
    except (OSError, UnicodeError) as cause:
        raise UnreachableError(
            f"{name}: BindAddress {address}: {getattr(cause, 'strerror', None) or cause}",
            hint="it must be an address of this machine",
        ) from cause


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
        self._words.seek(max(0, self._words.seek(0, os.SEEK_END) - 65536))
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
