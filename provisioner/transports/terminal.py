"""The terminal of this process, joined to a command that runs elsewhere."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from provisioner.errors import UsageError

KEYS, SCREEN = 0, 1
CHUNK = 1 << 16
_RESIZED, _ENDED = b"r", b"e"


@dataclass(frozen=True, slots=True)
class Window:
    """A terminal as programs know it: what kind it is, and its size in characters."""

    kind: str
    columns: int
    lines: int


def window() -> Window:
    """This process's; 80 x 24 where it has none that knows its size."""
    try:
        columns, lines = os.get_terminal_size(KEYS)
    except OSError:
        columns = lines = 0
    return Window(os.environ.get("TERM") or "vt100", columns or 80, lines or 24)


@contextlib.contextmanager
def put_back() -> Iterator[None]:
    """Whatever happens within, the terminal is afterwards as it was."""
    import termios

    try:
        before = termios.tcgetattr(KEYS)
    except termios.error:  # it is none
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # it is gone
            termios.tcsetattr(KEYS, termios.TCSADRAIN, before)


@contextlib.contextmanager
def keys(resize: Callable[[Window], None]) -> Iterator[Iterator[bytes]]:
    """Within, every key is passed on as it is pressed, Ctrl-C among them; `resize` hears of each new size.

    What is yielded goes through the keys, in the thread that asks for them and calls `resize`; it ends with the
    terminal, or when the end of the block comes.

    Raises:
        UsageError: this system knows no such terminals.
    """
    try:
        import termios
        import tty
    except ImportError as cause:
        raise UsageError("this system has no terminal that a host can be joined to", hint="leave -t out") from cause
    heard, tell = os.pipe()
    os.set_blocking(tell, False)

    def resized(*_: Any) -> None:
        with contextlib.suppress(OSError):  # it has been told so often that it has not looked yet
            os.write(tell, _RESIZED)

    with put_back():
        before = signal.signal(signal.SIGWINCH, resized)
        try:
            with contextlib.suppress(termios.error):
                tty.setraw(KEYS)
            resized()  # in case it was, before anybody listened
            yield _pressed(heard, resize)
        finally:
            signal.signal(signal.SIGWINCH, before)
            with contextlib.suppress(OSError):
                os.write(tell, _ENDED)
            os.close(tell)


def show(chunk: bytes) -> None:
    """Write to the terminal what a command there has written; one that is gone disturbs nobody."""
    rest = memoryview(chunk)
    with contextlib.suppress(OSError):
        while rest:
            rest = rest[os.write(SCREEN, rest) :]


def _pressed(heard: int, resize: Callable[[Window], None]) -> Iterator[bytes]:
    try:
        while True:
            ready, _, _ = select.select([KEYS, heard], [], [])
            if heard in ready:
                told = os.read(heard, CHUNK)
                if not told or _ENDED in told:
                    return
                resize(window())
            elif not (pressed := os.read(KEYS, CHUNK)):
                return
            else:
                yield pressed
    finally:
        os.close(heard)
