"""What every transport promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

OnLine = Callable[[str], None]

Feed = Callable[[bytes], None]
"""Takes what has arrived of a stream; it may be called from a thread of its own. What it raises ends the command."""

SILENT = "log in by hand and see what it waits for: a login script that asks something, a file system that hangs"
"""The way out when a host accepts the login and then says nothing."""

ENDLESS = "log in by hand and see what it prints: a login script that never ends, or another host than it should be"
"""The way out when a host says more than `provisioner.transports.limits` allows."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A script that ended by itself: exit status and both streams.

    A negative status: the shell was killed by that signal; over SSH always -1, whichever it was.
    """

    status: int
    stdout: str
    stderr: str


class Transport(Protocol):
    """A way to run one script at a time on one host.

    `run` feeds `script` to a bare `sh -s` of the login user, drains both streams while it runs and calls
    `on_line` (from the calling thread) with each complete line of stdout, without its newline, as it arrives.
    Output is decoded as UTF-8 with surrogateescape, newlines are kept as they came. `timeout` is in seconds
    from the start of the script. Nothing of the script ever becomes an argument or an environment variable.

    `connect` is implied by the first `run`; `close` is idempotent, and a closed transport connects again
    on the next `run`. A connection that broke while no script ran is made again as well. A half line that
    a broken connection leaves is not passed on: it could be taken for a whole one. Both streams and each line
    that is passed on have a limit; a host that is over it loses its connection, and what it takes until then in
    memory and time grows no faster than what it says.

    `stream` and `terminal` run one `command` in sh instead, which is an argument there and holds no secret:
    `provisioner.scripts.one_line` makes such lines. `stream` feeds it `content`, and passes on both streams as they
    come, keeping nothing. `terminal` joins it to the terminal of this process, with its size and its keys: Ctrl-C is
    one of them. A `stream` may begin while another one goes on, in another thread, on the same connection, which ends
    for both when one fails. Both methods return the exit status, negative as in `Completed`. Only the main thread may
    call `terminal`.

    Raises:
        UnreachableError, HostKeyError, AuthenticationError: there is no connection.
        ConnectionLostError: it broke, or `timeout` passed; `partial` output went to `on_line`.
        AnswerTooLongError: a stream or a line was over its limit; as above.
    """

    @property
    def name(self) -> str:
        """The host as the user wrote it."""

    @property
    def become_method(self) -> str:
        """The one way to become root that is wanted there, of `provisioner.transports.become.METHODS`; "" for any."""

    def connect(self) -> None: ...

    def run(self, script: str, *, timeout: float, on_line: OnLine | None = None) -> Completed: ...

    def stream(
        self, command: str, *, out: Feed, err: Feed, content: Iterable[bytes] = (), timeout: float | None = None
    ) -> int: ...

    def terminal(self, command: str) -> int: ...

    def close(self) -> None: ...
