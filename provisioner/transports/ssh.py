"""A host over SSH: one connection, several scripts."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provisioner.errors import (
    AuthenticationError,
    ConnectionLostError,
    HostKeyError,
    UnreachableError,
)
from provisioner.transports.base import Completed, OnLine
from provisioner.transports.lines import Lines

if TYPE_CHECKING:
    import paramiko

KEEPALIVE = 15
CHUNK = 1 << 16
_known_hosts_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class SSHOptions:
    """How to reach a host; None and () leave it to ~/.ssh/config, then to OpenSSH's defaults."""

    host: str
    user: str | None = None
    port: int | None = None
    key_files: tuple[str, ...] = ()
    password: str | None = field(default=None, repr=False)
    known_hosts: str | None = None
    accept_new: bool = False
    ssh_config: str | None = None
    jump: str | None = None
    timeout: float = 15.0


class SSHTransport:
    """Keys, agent or password; the host key is checked against known_hosts unless it is new and may be accepted."""

    def __init__(self, options: SSHOptions, name: str | None = None) -> None:
        self._options = options
        self._name = name or options.host
        self._client: paramiko.SSHClient | None = None
        self._jump: SSHTransport | None = None

    @property
    def name(self) -> str:
        return self._name

    def close(self) -> None:
        for closing in (self._client, self._jump):
            if closing is not None:
                closing.close()
        self._client = self._jump = None

    def connect(self) -> None:
        if self._client is None:
            self._client = self._connected()

    def run(self, script: str, *, timeout: float, on_line: OnLine | None = None) -> Completed:
        import paramiko

        self.connect()
        transport = self._client.get_transport() if self._client else None
        deadline = time.monotonic() + timeout
        out, err = Lines(on_line), Lines()
        try:
            if transport is None or not transport.is_active():
                raise EOFError("the connection is closed")  # noqa: TRY301 # handled with the others
            with contextlib.closing(transport.open_session(timeout=self._options.timeout)) as channel:
                channel.exec_command("sh -s")
                _talk(channel, script.encode("utf-8", "surrogateescape"), out, err, deadline)
                status = channel.recv_exit_status()
        except (paramiko.SSHException, OSError, EOFError) as cause:
            self.close()
            raise ConnectionLostError(
                f"{self._name}: the connection was lost: {str(cause) or type(cause).__name__}"
            ) from cause
        if status < 0:
            self.close()
            raise ConnectionLostError(f"{self._name}: the script was cut off")
        return Completed(status, out.text(), err.text())

    def _connected(self) -> paramiko.SSHClient:
        import paramiko

        options, config = self._options, self._config()
        host = str(config.get("hostname", options.host))
        port = options.port or int(config.get("port", 22))
        client = paramiko.SSHClient()
        for path in self._known_hosts_files():
            with contextlib.suppress(OSError):
                client.load_host_keys(path)
        client.set_missing_host_key_policy(_policy(self._name, host, port, options))
        keys = [*options.key_files] or [str(key) for key in config.get("identityfile", [])]
        try:
            client.connect(
                host,
                port,
                username=options.user or config.get("user"),
                password=options.password,
                key_filename=[str(Path(key).expanduser()) for key in keys],  # type: ignore[arg-type] # the stub knows one file only
                timeout=options.timeout,
                banner_timeout=options.timeout,
                auth_timeout=options.timeout,
                sock=self._jump_channel(config, host, port),
            )
        except paramiko.BadHostKeyException as cause:
            raise HostKeyError(
                f"{self._name}: the host key has changed: it is {fingerprint(cause.key)}, "
                f"known_hosts has {fingerprint(cause.expected_key)}",
                hint=f"if the host was reinstalled: ssh-keygen -R '[{host}]:{port}'; otherwise somebody is in between",
            ) from cause
        except paramiko.PasswordRequiredException as cause:
            raise AuthenticationError(
                f"{self._name}: the private key has a passphrase", hint="load it into ssh-agent with ssh-add"
            ) from cause
        except paramiko.AuthenticationException as cause:
            user = options.user or config.get("user") or "the current user"
            raise AuthenticationError(
                f"{self._name}: login as {user} was refused: {cause}",
                hint="try another -u/--user, --private-key FILE, or -k to be asked for a password",
            ) from cause
        except socket.gaierror as cause:
            raise UnreachableError(
                f"{self._name}: the name {host} does not resolve", hint="check its spelling"
            ) from cause
        except ConnectionRefusedError as cause:
            raise UnreachableError(f"{self._name}: {host} refuses connections to port {port}", hint=_PORT) from cause
        except paramiko.ssh_exception.NoValidConnectionsError as cause:
            raise UnreachableError(f"{self._name}: {host} port {port}: {cause.strerror}", hint=_PORT) from cause
        except (paramiko.SSHException, OSError, EOFError) as cause:
            reason = "timed out" if isinstance(cause, TimeoutError) else str(cause) or type(cause).__name__
            raise UnreachableError(
                f"{self._name}: no SSH connection to {host} port {port}: {reason}", hint=_PORT
            ) from cause
        transport = client.get_transport()
        if transport is not None:
            transport.set_keepalive(KEEPALIVE)
        return client

    def _config(self) -> dict[str, Any]:
        import paramiko

        path = Path(self._options.ssh_config or "~/.ssh/config").expanduser()
        if not path.is_file():
            return {}
        return dict(paramiko.SSHConfig.from_path(str(path)).lookup(self._options.host))

    def _known_hosts_files(self) -> list[str]:
        if self._options.known_hosts:
            return [str(Path(self._options.known_hosts).expanduser())]
        return ["/etc/ssh/ssh_known_hosts", str(Path("~/.ssh/known_hosts").expanduser())]

    def _jump_channel(self, config: dict[str, Any], host: str, port: int) -> Any:
        import paramiko

        jump = self._options.jump or config.get("proxyjump")
        if jump and jump != "none":
            *earlier, last = str(jump).split(",")
            user, _, place = last.rpartition("@")
            name, _, jump_port = place.partition(":")
            self._jump = SSHTransport(
                SSHOptions(
                    host=name,
                    user=user or None,
                    port=int(jump_port) if jump_port else None,
                    key_files=self._options.key_files,
                    known_hosts=self._options.known_hosts,
                    accept_new=self._options.accept_new,
                    ssh_config=self._options.ssh_config,
                    jump=",".join(earlier) or None,
                    timeout=self._options.timeout,
                )
            )
            self._jump.connect()
            transport = self._jump._client.get_transport() if self._jump._client else None  # noqa: SLF001 # own class
            if transport is not None:
                return transport.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0))
        if config.get("proxycommand"):
            return paramiko.ProxyCommand(str(config["proxycommand"]))
        return None


def fingerprint(key: paramiko.PKey) -> str:
    """The key as OpenSSH prints it: type and SHA256 of its bytes."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"


def _policy(name: str, host: str, port: int, options: SSHOptions) -> Any:
    import paramiko

    class Policy(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
            del client
            if not options.accept_new:
                raise HostKeyError(
                    f"{name}: its host key is unknown: {fingerprint(key)}",
                    hint=f"compare it with the host's own, then use --accept-new, "
                    f"or: ssh-keyscan -p {port} {host} >> ~/.ssh/known_hosts",
                )
            path = Path(options.known_hosts or "~/.ssh/known_hosts").expanduser()
            with _known_hosts_lock:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with path.open("a", encoding="ascii") as file:
                    file.write(f"{hostname} {key.get_name()} {key.get_base64()}\n")

    return Policy()


def _talk(channel: paramiko.Channel, script: bytes, out: Lines, err: Lines, deadline: float) -> None:
    """Feed and drain at once: either alone deadlocks when a window fills up (paramiko #1778)."""
    sender = threading.Thread(target=_send, args=(channel, script), daemon=True)
    sender.start()
    errors = threading.Thread(target=_drain_errors, args=(channel, err), daemon=True)
    errors.start()
    while True:
        channel.settimeout(max(deadline - time.monotonic(), 0.001))
        chunk = channel.recv(CHUNK)
        if not chunk:
            break
        out.feed(chunk)
    errors.join(timeout=max(deadline - time.monotonic(), 0.001))


def _send(channel: paramiko.Channel, script: bytes) -> None:
    with contextlib.suppress(OSError):
        channel.sendall(script)
        channel.shutdown_write()


def _drain_errors(channel: paramiko.Channel, err: Lines) -> None:
    with contextlib.suppress(OSError):
        while chunk := channel.recv_stderr(CHUNK):
            err.feed(chunk)


_PORT = "check the address, -p/--port and whether sshd runs there"
