"""Fixtures of the tests on disposable hosts; tests/testbed/__init__.py says what a bed offers."""

from __future__ import annotations

import os
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
