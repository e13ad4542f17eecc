"""Ctrl-C, and the signals that ask a process to end: each is an interruption, after which things are put in order."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

TERMINATIONS = tuple(
    number for number in (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")) if number is not None
)
"""What asks a process to end; SIGHUP comes when its terminal is gone, and Windows has none."""


@contextlib.contextmanager
def on_interruption(handler: Callable[..., Any]) -> Iterator[None]:
    """Within, Ctrl-C and terminations call `handler`; a termination that whoever started us ignores stays ignored.

    Only the main thread hears of signals; elsewhere nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [signal.SIGINT, *(number for number in TERMINATIONS if signal.getsignal(number) is not signal.SIG_IGN)]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextlib.contextmanager
def terminations_interrupt() -> Iterator[None]:
    """Within, terminations raise KeyboardInterrupt, as Ctrl-C does; Ctrl-C stays as it is."""
    sigint = signal.getsignal(signal.SIGINT)
    with on_interruption(signal.default_int_handler):
        signal.signal(signal.SIGINT, sigint)
        yield
