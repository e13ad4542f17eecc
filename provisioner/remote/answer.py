"""The answer of one script, with a limit to its length."""

from __future__ import annotations

from provisioner.errors import AnswerTooLongError
from provisioner.transports import limits
from provisioner.transports.base import ENDLESS, Completed, OnLine, Transport


def answer(transport: Transport, script: str, *, timeout: float, on_line: OnLine | None = None) -> Completed:
    """Run `script` on the host behind `transport`; `on_line` hears its lines as they come.

    Raises:
        ConnectError: see `Transport.run`; AnswerTooLongError when there is more than `limits.FACTS` of it.
    """
    return transport.run(script, timeout=timeout, on_line=no_longer(transport.name, on_line))


def no_longer(host: str, on_line: OnLine | None = None) -> OnLine:
    """Return a listener that passes lines of `host` on to `on_line`, and raises when they are too many together."""
    size = 0

    def listen(line: str) -> None:
        nonlocal size
        size += len(line) + 1
        if size > limits.FACTS:
            raise AnswerTooLongError(f"{host}: it printed more than {limits.FACTS // limits.MiB} MiB", hint=ENDLESS)
        if on_line is not None:
            on_line(line)

    return listen
