"""Bytes of a stream -> text, and complete lines as they arrive; both with a limit."""

from __future__ import annotations

from provisioner.transports import limits
from provisioner.transports.base import OnLine


class TooMuchError(Exception):
    """The stream, or a line of it, is longer than it may be; says which."""


class Lines:
    """Collects one stream; passes each complete line on.

    All of it stands in one buffer, so that chunks of a single byte cost a byte, and what has been searched for an
    end of line is not searched again.
    """

    def __init__(self, on_line: OnLine | None = None) -> None:
        self._text = bytearray()
        self._begin = 0  # of the line that is not complete yet
        self._on_line = on_line

    def feed(self, chunk: bytes) -> None:
        """Add what has arrived.

        Raises:
            TooMuchError: that is over a limit; what was complete before it has been passed on.
        """
        searched = len(self._text)
        if searched + len(chunk) > limits.ANSWER:
            raise TooMuchError(f"it printed more than {limits.ANSWER // limits.MiB} MiB")
        self._text += chunk
        if self._on_line is None:
            return
        while (end := self._text.find(b"\n", searched)) >= 0:
            line = self._text[self._begin : end]
            self._begin = searched = end + 1
            self._pass_on(line)
        if len(self._text) - self._begin > limits.LINE:
            raise TooMuchError(f"it printed a line of more than {limits.LINE // limits.MiB} MiB")

    def text(self) -> str:
        """All of it, after the end of the stream: a last line without its newline is passed on first."""
        if self._begin < len(self._text) and self._on_line is not None:
            line, self._begin = self._text[self._begin :], len(self._text)
            self._pass_on(line)
        return self._text.decode("utf-8", "surrogateescape")

    def _pass_on(self, line: bytearray) -> None:
        if len(line) > limits.LINE:
            raise TooMuchError(f"it printed a line of more than {limits.LINE // limits.MiB} MiB")
        assert self._on_line is not None  # noqa: S101 # both callers have looked
        self._on_line(line.decode("utf-8", "surrogateescape"))
