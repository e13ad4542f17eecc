"""One command over one SSH channel: feed and drain at once, notice a dead peer."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from provisioner.transports.base import Feed

if TYPE_CHECKING:
    import paramiko

CHUNK = 1 << 16
IDLE = 15.0  # seconds without a byte before the peer is asked whether it is there
PATIENCE = 30.0  # seconds for its answer
TICK = 5.0


class NoEndError(Exception):
    """The deadline passed."""


class CutOffError(Exception):
    """The peer is gone."""


class _Errors(threading.Thread):
    """Drains stderr, and asks a silent peer for a sign of life."""

    def __init__(self, channel: paramiko.Channel, err: Feed) -> None:
        super().__init__(daemon=True)
        self._channel = channel
        self._err = err
        self._asked = 0.0
        self.heard = time.monotonic()
        self.over: Exception | None = None

    def run(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                try:
                    chunk = self._channel.recv_stderr(CHUNK)
                except TimeoutError:
                    self._ask()
                    continue
                if not chunk:
                    return
                self.heard = time.monotonic()
                try:
                    self._err(chunk)
                except Exception as error:  # noqa: BLE001 # raised where somebody hears it
                    self.over = error
                    self._channel.close()
                    return

    def _ask(self) -> None:
        if time.monotonic() - self.heard < IDLE:
            return
        self._asked = time.monotonic()
        _answers(self._channel.get_transport())
        self._asked = 0.0
        self.heard = time.monotonic()

    @property
    def waits_in_vain(self) -> bool:
        asked = self._asked
        return bool(asked) and time.monotonic() - asked > PATIENCE


def talk(
    channel: paramiko.Channel, content: Iterable[bytes], out: Feed, err: Feed, deadline: float = math.inf
) -> int | None:
    """Feed `content` and drain both streams to their end; return the exit status, None when a signal ended it.

    Either alone deadlocks when a window fills up (paramiko #1778). Waiting for both with select on the channel's
    file descriptor is no way out: its pipe loses a wake-up when one stream is emptied while the other one fills.

    Raises:
        NoEndError, CutOffError: see there.
        Exception: what `out` or `err` raised.
    """
    channel.settimeout(TICK)
    threading.Thread(target=_send, args=(channel, content), daemon=True).start()
    errors = _Errors(channel, err)
    errors.start()
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise NoEndError
        channel.settimeout(min(remaining, TICK))
        try:
            chunk = channel.recv(CHUNK)
        except TimeoutError:
            if errors.waits_in_vain:
                raise CutOffError(f"no sign of life for {IDLE + PATIENCE:.0f} s") from None
            continue
        if not chunk:
            break
        errors.heard = time.monotonic()
        out(chunk)
    errors.join(_left(deadline))
    if errors.over is not None:
        raise errors.over
    if errors.is_alive():
        raise NoEndError
    return status_of(channel, deadline)


def status_of(channel: paramiko.Channel, deadline: float) -> int | None:
    """Return the exit status of a channel that says nothing more, None when a signal ended its command.

    Raises:
        NoEndError, CutOffError: see there.
    """
    if not channel.status_event.wait(_left(deadline)):
        raise NoEndError
    if channel.exit_status >= 0:
        return channel.exit_status
    # A channel closed without a status: the script was killed, or the connection broke.
    transport = channel.get_transport()
    if not channel.eof_received or not _alive(transport):
        raise CutOffError("it broke while the script ran")
    return None


def _left(deadline: float) -> float | None:
    return None if deadline == math.inf else max(deadline - time.monotonic(), 0.001)


def _alive(transport: paramiko.Transport) -> bool:
    watch = threading.Timer(PATIENCE, transport.close)
    watch.daemon = True
    watch.start()
    try:
        _answers(transport)
    finally:
        watch.cancel()
    return transport.is_active()


def _answers(transport: paramiko.Transport) -> None:
    """Return when the peer has answered, or the connection is closed. Any server answers, even if with a refusal."""
    import paramiko

    with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
        transport.global_request("keepalive@openssh.com", wait=True)


def _send(channel: paramiko.Channel, content: Iterable[bytes]) -> None:
    try:
        for piece in content:
            rest = memoryview(piece)
            while rest:
                try:
                    rest = rest[channel.send(bytes(rest[:CHUNK])) :]
                except TimeoutError:  # noqa: PERF203 # the host is busy with something else than reading
                    continue
    except (OSError, EOFError):  # nobody listens, or the content cannot be read to its end
        pass
    finally:
        with contextlib.suppress(OSError, EOFError):
            channel.shutdown_write()
