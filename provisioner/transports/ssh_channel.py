"""One command's channel over a connection that stands, and what its failures are called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from provisioner.errors import AnswerTooLongError, ConnectionLostError, UnreachableError
from provisioner.transports.base import ENDLESS, SILENT
from provisioner.transports.lines import TooMuchError
from provisioner.transports.ssh_session import CutOffError, NoEndError
from provisioner.transports.terminal import Window

if TYPE_CHECKING:
    import paramiko


@contextlib.contextmanager
def command_channel(
    transport: paramiko.Transport,
    name: str,
    command: str,
    *,
    patience: float,
    timeout: float | None = None,
    window: Window | None = None,
) -> Iterator[paramiko.Channel]:
    """Begin `command` on the host `name`, with a terminal of the size of `window` if there is one.

    `patience` is for the server to open a session, `timeout` what the command had; both in seconds.

    Raises:
        UnreachableError: the server refuses.
        ConnectionLostError, AnswerTooLongError: what went wrong within, of `provisioner.transports.ssh_session`.
    """
    import paramiko

    try:
        with contextlib.closing(_session(transport, name, patience)) as channel:
            _begin(channel, name, command, window)
            yield channel
    except NoEndError as cause:
        raise ConnectionLostError(f"{name}: no end after {timeout or 0:.0f} s", hint=SILENT) from cause
    except TooMuchError as cause:
        raise AnswerTooLongError(f"{name}: {cause}", hint=ENDLESS) from cause
    except (CutOffError, paramiko.SSHException, OSError, EOFError) as cause:
        raise ConnectionLostError(f"{name}: the connection was lost: {str(cause) or type(cause).__name__}") from cause


def words_of(cause: Exception) -> str:
    return str(getattr(cause, "text", "")) or str(cause) or type(cause).__name__


def _session(transport: paramiko.Transport, name: str, patience: float) -> paramiko.Channel:
    import paramiko

    try:
        return transport.open_session(timeout=patience)
    except paramiko.ChannelException as cause:
        raise UnreachableError(
            f"{name}: the server refuses a session: {words_of(cause)}", hint="check MaxSessions in its sshd_config"
        ) from cause


def _begin(channel: paramiko.Channel, name: str, command: str, window: Window | None) -> None:
    import paramiko

    what, hint = "the server refuses a terminal", "does its sshd_config say PermitTTY no?"
    try:
        if window is not None:
            channel.get_pty(window.kind, window.columns, window.lines)
        what, hint = "the server refuses to run commands", "is it an account for file transfer only?"
        channel.exec_command(command)
    except paramiko.SSHException as cause:
        if not channel.get_transport().is_active():
            raise
        raise UnreachableError(f"{name}: {what}", hint=hint) from cause
