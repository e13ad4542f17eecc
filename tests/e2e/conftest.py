"""Fixtures of the tests on disposable hosts; tests/testbed/__init__.py says what a bed offers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.e2e import engine_states
from tests.machine import lacks
from tests.testbed import Bed, Host, testbed


@pytest.fixture(scope="session")
def bed() -> Iterator[Bed]:
    if os.geteuid() != 0:
        lacks("disposable hosts need root and an engine on this machine")
    with testbed() as running:
        yield running


@pytest.fixture
def start_host(bed: Bed) -> Iterator[Callable[..., Host]]:
    """A function that starts a host as `bed.start` does; the hosts are gone after the test."""
    hosts: list[Host] = []

    def start(slug: str, *, os_release: str = "", name: str = "") -> Host:
        host = bed.start(slug, os_release=os_release, name=name)
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        host.stop()


@pytest.fixture(scope="module")
def engines(bed: Bed) -> Iterator[Callable[[str], Host]]:
    """A function: the one host with this engine."""
    hosts: dict[str, Host] = {}

    def host(slug: str) -> Host:
        if slug not in hosts:
            hosts[slug] = bed.start(slug)
        return hosts[slug]

    yield host
    for started in hosts.values():
        started.stop()


@pytest.fixture
def on(engines: Callable[[str], Host]) -> Iterator[Callable[[str], Host]]:
    """A function that gives the host with this engine; afterwards it is as its package made it."""
    used: list[Host] = []

    def host(slug: str) -> Host:
        used.append(engines(slug))
        return used[-1]

    yield host
    for dirty in used:
        engine_states.reset(dirty)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The rows of the package matrix as a table, with how many there were of each outcome."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    rows = [
        [*map(str, value), report.outcome]
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "matrix" and report.when == "call"
    ]
    if not rows:
        return
    terminalreporter.section("package matrix")
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for *columns, seconds, said, verdict in rows:
        cells = "  ".join(cell.ljust(width) for cell, width in zip([*columns, seconds], widths, strict=True))
        terminalreporter.write_line(f"{verdict:6}  {cells}  {said}")
    count = Counter(row[4] for row in rows)
    kept = sum(row[-1] == "passed" for row in rows)
    terminalreporter.write_line(
        f"{len(rows)} combinations, {kept} as promised: " + ", ".join(f"{n} {status}" for status, n in count.items())
    )
