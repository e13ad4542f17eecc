"""A host over SSH: one connection, several scripts."""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from provisioner.errors import ConnectError, UnreachableError
from provisioner.transports.base import Completed, Feed, OnLine
from provisioner.transports.known_hosts import Known, known_as
from provisioner.transports.lines import Lines
from provisioner.transports.ssh_algorithms import nothing_common, prefer, restrict
from provisioner.transports.ssh_channel import command_channel, words_of
from provisioner.transports.ssh_config import Settings, SSHOptions, jump_place, resolve
from provisioner.transports.ssh_host_key import shown_key, verify_host_key
from provisioner.transports.ssh_login import log_in
from provisioner.transports.ssh_route import ProxyCommand, tcp
from provisioner.transports.ssh_session import talk
from provisioner.transports.terminal import Window, keys, show, window

if TYPE_CHECKING:
    import paramiko

__all__ = ["SSHOptions", "SSHTransport"]

KEEPALIVE = 15
# sshd drops connections at random while more than MaxStartups (10) are not logged in yet.
HANG_UPS = 6
KILLED = -1


class SSHTransport:
    """Keys, agent or password; the host key is checked against known_hosts unless it is new and may be accepted."""

    def __init__(
        self, options: SSHOptions, name: str | None = None, *, behind: frozenset[tuple[str, int]] = frozenset()
    ) -> None:
        self._options = options
        self._name = name or options.host
        self._behind = behind  # hosts that are reached through this one
        self._transport: paramiko.Transport | None = None
        self._route: ProxyCommand | SSHTransport | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def options(self) -> SSHOptions:
        """What was said about how to reach the host."""
        return self._options

    @property
    def become_method(self) -> str:
        return self._options.become_method

    def close(self) -> None:
        for closing in (self._transport, self._route):
            if closing is not None:
                with contextlib.suppress(Exception):  # paramiko says good-bye, maybe through a jump host that is gone
                    closing.close()
        self._transport = self._route = None

    def connect(self) -> None:
        if self._transport is not None and self._transport.is_active():
            return
        self.close()
        try:
            self._transport = self._connected(resolve(self._options))
        except BaseException:
            self.close()
            raise

    def run(self, script: str, *, timeout: float, on_line: OnLine | None = None) -> Completed:
        out, err = Lines(on_line), Lines()
        with self._channel("sh -s", timeout) as channel:
            content = script.encode("utf-8", "surrogateescape")
            status = talk(channel, [content], out.feed, err.feed, time.monotonic() + timeout)
        return Completed(KILLED if status is None else status, out.text(), err.text())

    def stream(
        self, command: str, *, out: Feed, err: Feed, content: Iterable[bytes] = (), timeout: float | None = None
    ) -> int:
        with self._channel(command, timeout) as channel:
            status = talk(channel, content, out, err, time.monotonic() + (math.inf if timeout is None else timeout))
        return KILLED if status is None else status

    def terminal(self, command: str) -> int:
        with self._channel(command, None, window()) as channel:

            def resize(new: Window) -> None:
                channel.resize_pty(new.columns, new.lines)

            with keys(resize) as pressed:
                status = talk(channel, pressed, show, show)
        return KILLED if status is None else status

    @contextlib.contextmanager
    def _channel(self, command: str, timeout: float | None, size: Window | None = None) -> Iterator[paramiko.Channel]:
        self.connect()
        assert self._transport is not None  # noqa: S101 # connect has made it
        patience = self._options.timeout or KEEPALIVE
        try:
            with command_channel(
                self._transport, self._name, command, patience=patience, timeout=timeout, window=size
            ) as channel:
                yield channel
        except BaseException:
            self.close()
            raise

    def _connected(self, settings: Settings) -> paramiko.Transport:
        if (settings.host, settings.port) in self._behind:
            raise UnreachableError(
                f"{self._name} is to be reached through itself",
                hint=f"give it ProxyJump none in ~/.ssh/config: Host {self._options.host}",
            )
        known_host = known_as(settings.known_hosts, settings.known_name)
        for hang_ups in range(HANG_UPS):
            if hang_ups:
                time.sleep(random.uniform(0.1, 0.4) * 2**hang_ups)  # noqa: S311 # jitter
            transport = self._greeted(settings, known_host, last=hang_ups == HANG_UPS - 1)
            if transport is not None:
                break
        assert transport is not None  # noqa: S101 # the last one raises instead
        try:
            verify_host_key(self._name, settings, known_host, shown_key(transport, direct=self._route is None))
            log_in(transport, self._name, settings, self._options.password)
        except BaseException:
            transport.close()
            raise
        transport.set_keepalive(KEEPALIVE)
        return transport

    def _greeted(self, settings: Settings, known_host: Known, *, last: bool) -> paramiko.Transport | None:
        """Return a connection after the key exchange; None when the server hung up before it said who it is."""
        import paramiko

        from provisioner.transports.ssh_client import Client

        where = f"{settings.host} port {settings.port}"
        transport = Client(self._stream(settings))
        transport.auth_timeout = transport.handshake_timeout = settings.timeout
        transport.banner_timeout = 2 * settings.timeout + 5  # start_client ends first, and says that it was time
        try:
            restrict(transport, settings.algorithms, self._name)
        except UnreachableError:
            transport.sock.close()  # nothing has begun that would close it
            raise
        if not settings.algorithms.host_keys.in_order:
            _prefer(transport, known_host)
        try:
            transport.start_client(timeout=settings.timeout)
            if not transport.initial_kex_done:
                raise TimeoutError  # handled with the others
        except (paramiko.SSHException, OSError, EOFError) as cause:
            version = str(transport.remote_version or "")
            transport.close()
            words = self._route.last_words() if isinstance(self._route, ProxyCommand) else ""
            self._leave_route()
            if isinstance(cause, paramiko.ssh_exception.IncompatiblePeer):
                raise nothing_common(self._name, str(cause), version, settings.algorithms) from cause
            timed_out = isinstance(cause, TimeoutError) or "timed out" in str(cause) or str(cause).endswith("timeout")
            if not version and not timed_out and not words and not last:
                return None
            reason = f"no SSH greeting within {settings.timeout:.0f} s" if timed_out else _reason(cause, version)
            raise UnreachableError(
                f"{self._name}: no SSH connection to {where}: {words or reason}",
                hint="check the address, -p/--port and whether sshd runs there",
            ) from cause
        return transport

    def _stream(self, settings: Settings) -> Any:
        import paramiko

        self._leave_route()
        if settings.jump:
            jump = self._route = self._jump_host(settings, settings.jump)
            try:
                jump.connect()
                assert jump._transport is not None  # noqa: S101, SLF001 # own class, connected
                there = (settings.host, settings.port)
                return jump._transport.open_channel("direct-tcpip", there, ("127.0.0.1", 0), timeout=settings.timeout)  # noqa: SLF001 # own class
            except ConnectError as cause:
                raise type(cause)(f"{self._name}: through {cause.message}", hint=cause.hint) from cause
            except (paramiko.SSHException, OSError, EOFError) as cause:
                raise UnreachableError(
                    f"{self._name}: {jump.name} cannot reach {settings.host} port {settings.port}: {words_of(cause)}"
                ) from cause
        if settings.proxy_command:
            self._route = ProxyCommand(settings.proxy_command)
            return self._route.socket
        return tcp(self._name, settings)

    def _leave_route(self) -> None:
        if self._route is not None:
            self._route.close()
            self._route = None

    def _jump_host(self, settings: Settings, jump: str) -> SSHTransport:
        *earlier, last = jump.split(",")
        user, host, port = jump_place(last)
        options = self._options
        return SSHTransport(
            SSHOptions(
                host=host,
                user=user,
                port=port,
                key_files=options.key_files,
                known_hosts=options.known_hosts,
                accept_new=options.accept_new,
                ssh_config=options.ssh_config,
                jump=",".join(earlier) or None,
                timeout=options.timeout,
            ),
            f"jump host {host}",
            behind=self._behind | {(settings.host, settings.port)},
        )


def _prefer(transport: paramiko.Transport, known_host: Known) -> None:
    """Ask for a host key of a type that known_hosts has, as OpenSSH does: another type would look like a change."""
    offered = transport.get_security_options()
    offered.key_types = prefer(offered.key_types, known_host.kinds, authority=bool(known_host.authorities))


def _reason(cause: Exception, version: str) -> str:
    if not version and "banner" in str(cause):
        return "the server hangs up without a greeting (MaxStartups, or no SSH server)"
    return words_of(cause)
