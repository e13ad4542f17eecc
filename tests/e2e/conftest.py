"""Fixtures of the tests on disposable hosts; tests/testbed/__init__.py says what a bed offers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

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
