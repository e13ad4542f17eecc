"""What serves a session besides hosts: processes on the address that containers see, each with an access log."""

from __future__ import annotations

import datetime as dt
import re
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import engine, sessions
from tests.testbed.engine import REPOSITORY, TestbedError
from tests.testbed.hosts import Host

_LINE = re.compile(r'^(\S+) \S+ \S+ \[([^]]*)\] "(\S+) (\S+) [^"]*" (\d+)')


@dataclass(frozen=True, slots=True)
class Access:
    """One request as the service saw it; `client` is `Host.inner_address`, `at` seconds since 1970, whole ones."""

    client: str
    at: float
    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Service:
    address: str
    port: int
    log_file: Path

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def log(self) -> list[Access]:
        """Return the requests so far, in their order."""
        found = (_LINE.match(line) for line in self.log_file.read_text(errors="replace").splitlines())
        return [Access(line[1], _seconds(line[2]), line[3], line[4], int(line[5])) for line in found if line]

    def log_of(self, host: Host) -> list[Access]:
        """Return the requests of one host; an earlier one may have had its address."""
        return [access for access in self.log() if access.client == host.inner_address and access.at >= host.since]


def start(session: Path, name: str, words: list[str], ready: str) -> Service:
    """Start a service of `session`, or return the one that runs; {address} and {port} in `words` are filled in."""
    remembered = session / f"{name}.port"
    log = session / f"{name}.log"
    address = engine.bridge_address()
    if remembered.exists():
        return Service(address, int(remembered.read_text()), log)
    service = Service(address, free_port(address), log)
    filled = [word.replace("{address}", address).replace("{port}", str(service.port)) for word in words]
    sessions.start_service(session, filled, log, REPOSITORY)
    wait_for(service.url + ready, log)
    remembered.write_text(str(service.port))
    return service


def _seconds(stamp: str) -> float:
    return dt.datetime.strptime(stamp, "%d/%b/%Y:%H:%M:%S %z").timestamp()


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, log: Path, patience: float = 15) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    limit = time.monotonic() + patience
    while (problem := _no_answer(opener, url)) is not None:
        if time.monotonic() > limit:
            raise TestbedError(f"{url} does not answer: {problem}\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


def _no_answer(opener: urllib.request.OpenerDirector, url: str) -> OSError | None:
    try:
        opener.open(url, timeout=2).close()
    except urllib.error.HTTPError:
        return None  # it answers
    except OSError as error:
        return error
    return None
