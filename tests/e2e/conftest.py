"""Fixtures of the tests on disposable hosts; tests/testbed/__init__.py says what a bed offers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e import engine_states, image_hosts, made_images
from tests.e2e.order import longest_first
from tests.e2e.sweep import SweptBed, SweptHost
from tests.machine import lacks
from tests.testbed import testbed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: longest_first(item.path))


@pytest.fixture(scope="session", autouse=True)
def own_history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs of tests go to no history of whoever runs them, and depend on none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def bed() -> Iterator[SweptBed]:
    """The bed; a host that is stopped is swept first, see `tests.e2e.sweep`, and so are those that nobody has stopped."""
    if os.geteuid() != 0:
        lacks("disposable hosts need root and an engine on this machine")
    with testbed(SweptBed) as running, ExitStack() as left:
        yield running
        for host in running.left():
            left.callback(host.stop)


@pytest.fixture
def start_host(bed: SweptBed) -> Iterator[Callable[..., SweptHost]]:
    """A function that starts a host as `bed.start` does; the hosts are gone after the test."""
    with ExitStack() as hosts:

        def start(slug: str, *, os_release: str = "", name: str = "") -> SweptHost:
            host = bed.start(slug, os_release=os_release, name=name)
            hosts.callback(host.stop)
            return host

        yield start


@pytest.fixture(scope="module")
def engines(bed: SweptBed) -> Iterator[Callable[[str], SweptHost]]:
    """A function: the one host with this engine."""
    hosts: dict[str, SweptHost] = {}

    with ExitStack() as started:

        def host(slug: str) -> SweptHost:
            if slug not in hosts:
                hosts[slug] = bed.start(slug)
                started.callback(hosts[slug].stop)
            return hosts[slug]

        yield host


@pytest.fixture
def on(engines: Callable[[str], SweptHost]) -> Iterator[Callable[[str], SweptHost]]:
    """A function that gives the host with this engine; afterwards it is swept, and as its package made it."""
    used: dict[str, SweptHost] = {}

    def host(slug: str) -> SweptHost:
        used[slug] = engines(slug)
        return used[slug]

    yield host
    with ExitStack() as dirty:
        for one in used.values():
            dirty.callback(engine_states.reset, one)
            dirty.callback(one.sweep)


@pytest.fixture(scope="module")
def mirrored(bed: SweptBed) -> Iterator[dict[str, SweptHost]]:
    """The hosts of `image_hosts`, without any image."""
    with image_hosts.filled(bed, ":") as hosts:
        yield hosts


@pytest.fixture(params=["20.10", "26.1", "28.5"])
def host(request: pytest.FixtureRequest, mirrored: dict[str, SweptHost]) -> Iterator[SweptHost]:
    """A host with this engine and the images of the module's SCENE; modules without one have a `host` of their own."""
    with made_images.scene(mirrored[request.param], request.module.SCENE) as running:
        yield running


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
