"""A container on one host or on many: what `provisioner image run` does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from provisioner.errors import ApplyError, ProvisionerError, UsageError
from provisioner.images.container import Container
from provisioner.remote.engine_client import find_way, run_at_terminal, run_streaming, tell_client
from provisioner.runs.crash import as_error
from provisioner.runs.image_history import on_each, outcome
from provisioner.runs.image_signals import Clients
from provisioner.runs.named_run import WHOLE, Part
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target
from provisioner.transports.base import Feed

_COMMAND = "image run"
GRACE = 15.0
"""Seconds that containers on many hosts have to end after Ctrl-C; `docker stop` gives them 10."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How the container ended on one host: its exit status as `docker run` tells it; or why there was none."""

    host: str
    status: int | None = None
    error: ProvisionerError | None = None
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        return self.status or 0


class Listener(Protocol):
    """Hears what containers print, from several threads at a time, and what else is to be said."""

    def out(self, host: str) -> Feed: ...
    def err(self, host: str) -> Feed: ...
    def ended(self, host: str) -> None: ...
    def warn(self, text: str) -> None: ...


def check(container: Container, targets: Sequence[Target], *, terminal: bool) -> None:
    """Look whether that can be run on these hosts; `terminal`: somebody sits at this process.

    Raises:
        UsageError: it cannot; no host was contacted.
    """
    if container.tty and not terminal:
        raise UsageError("-t needs a terminal, and the standard input is none", hint="leave -t out")
    if len(targets) > 1 and (container.tty or container.interactive):
        raise UsageError(
            f"-i and -t are for one host, and these are {len(targets)}",
            hint="leave them out: each host's output stands behind its name",
        )


def run(
    container: Container,
    targets: Sequence[Target],
    listener: Listener,
    *,
    argv: Sequence[str],
    forks: int,
    part: Part = WHOLE,
) -> list[Ran]:
    """Run the container on every host; on one with a terminal, that is this process's own.

    Without one, Ctrl-C and other signals go to the containers, which do with them what they do.
    """
    clients = Clients(listener.warn)

    def became(ran: Ran) -> Outcome:
        note = f"exit status {ran.status}" if ran.status else ""
        return outcome(ran.host, _COMMAND, seconds=ran.seconds, error=ran.error, note=note)

    def work(target: Target) -> Ran:
        return _on_one(container, target, listener, clients)

    def waiting(number: int) -> None:
        clients.pass_on("INT")
        listener.warn(f"{number} containers were told to end; Ctrl-C again ends at once")

    return on_each(
        *(_COMMAND, argv, targets, work),
        failed=failed,
        became=became,
        warn=listener.warn,
        part=part,
        alone_here=True,
        forks=forks,
        waiting=waiting,
        grace=GRACE,
    )


def failed(name: str, error: ProvisionerError) -> Ran:
    """A host on which nothing could be run."""
    return Ran(name, error=error)


def _on_one(container: Container, target: Target, listener: Listener, clients: Clients) -> Ran:
    begun = time.monotonic()
    try:
        status = _status(container, target, listener, clients)
        return Ran(target.name, status, seconds=time.monotonic() - begun)
    except Exception as cause:  # noqa: BLE001 # one host's bug must not hide the others' results
        error = as_error(cause, target.name)
        target.address(error)
        return Ran(target.name, error=error, seconds=time.monotonic() - begun)
    finally:
        clients.ended(target.name)
        listener.ended(target.name)
        target.transport.close()


def _status(container: Container, target: Target, listener: Listener, clients: Clients) -> int:
    transport, password = target.transport, target.become_password
    way = find_way(transport, become_password=password, asks=container.tty)

    def begun(process: int) -> None:
        tell = partial(tell_client, transport, way, process, become_password=password)
        clients.begun(target.name, tell)

    if container.tty:
        status = run_at_terminal(transport, way, container.words)
    else:
        with clients.listening(target.name):
            status = run_streaming(
                transport,
                way,
                container.words,
                become_password=password,
                out=listener.out(target.name),
                err=listener.err(target.name),
                content=_stdin() if container.interactive else (),
                begun=begun,
            )
    if status < 0:
        raise ApplyError(f"{target.name}: docker run was killed before it ended")
    return status


def _stdin() -> Iterator[bytes]:
    while chunk := os.read(0, 1 << 16):
        yield chunk
