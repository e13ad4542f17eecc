"""Signals of this process, passed on to the clients that run containers: what `docker run` calls --sig-proxy."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from provisioner.errors import ProvisionerError

PASSED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
"""Those that this system has; what whoever started us ignores stays ignored."""

OFTEN = 3
"""So often a client is told to end; newer ones give up at the third by themselves."""

Tell = Callable[[str], None]
"""Passes a signal on, "INT"; raises ProvisionerError when that is not possible."""


class Clients:
    """The clients that run now, by the names of their hosts. `warn` hears of signals that did not arrive.

    Signals that come before a client has begun are kept for it.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._lock = threading.Lock()
        self._running: dict[str, Tell] = {}
        self._before: list[str] = []
        self._queue: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._deliver, daemon=True).start()

    def begun(self, host: str, tell: Tell) -> None:
        with self._lock:
            self._running[host] = tell
            before = list(self._before)
        for name in before:
            self._tell(host, tell, name)

    def ended(self, host: str) -> None:
        with self._lock:
            self._running.pop(host, None)

    def pass_on(self, name: str) -> None:
        """Tell every client; returns at once. Signal handlers may call this."""
        self._queue.put(name)

    @contextlib.contextmanager
    def listening(self, host: str) -> Iterator[None]:
        """Within, signals of this process go to the client on `host`; in the main thread, which alone hears of them.

        Whoever presses Ctrl-C after the client was told to end `OFTEN` times, or twice before it has begun, leaves it:
        KeyboardInterrupt.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        told = 0

        def heard(number: int, *_: Any) -> None:
            nonlocal told
            if number in {signal.SIGINT, signal.SIGTERM}:
                told += 1
                if told > (OFTEN if host in self._running else 1):
                    raise KeyboardInterrupt
                if told == OFTEN:
                    self._warn(f"{host}: told to end {OFTEN} times; once more leaves the container running there")
            self.pass_on(signal.Signals(number).name.removeprefix("SIG"))

        numbers = [number for name in PASSED if (number := getattr(signal, name, None)) is not None]
        before = {number: signal.getsignal(number) for number in numbers}
        before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
        for number in before:
            signal.signal(number, heard)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _deliver(self) -> None:
        while True:
            name = self._queue.get()
            with self._lock:
                self._before.append(name)
                running = dict(self._running)
            for host, tell in running.items():
                threading.Thread(target=self._tell, args=(host, tell, name), daemon=True).start()

    def _tell(self, host: str, tell: Tell, name: str) -> None:
        try:
            tell(name)
        except ProvisionerError as error:
            if host in self._running:
                self._warn(f"{host}: SIG{name} did not reach the container: {error.message}")
