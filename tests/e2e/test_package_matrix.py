"""Engines of four origins, on apt and on rpm, under sources that fail and hosts that stand in the way.

Whatever comes of an apply there: an engine that worked works, its containers run or were started again and that was
said, packages and sources are consistent, and the status tells the truth. `make matrix` runs all combinations, `make
test` a few of them. The rows are counted and printed.
"""

from __future__ import annotations

import itertools
import json
import re
import time

import pytest

from tests.e2e.command_line import provisioner
from tests.e2e.package_hosts import (
    ENGINES,
    NEW,
    OLD,
    SLUGS,
    WAYS,
    consistent,
    litter,
    obstacle,
    prepare,
    said_of,
    state,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SOURCES = ("good", "dead", "dies", "lies", "otherkey", "lacks")
STRATEGIES = {"apt": "apt-repo", "rpm": "rpm-repo"}
ALL = [
    row
    for row in itertools.product(SLUGS, ENGINES, SOURCES, WAYS)
    if row[2:] != ("good", "none") and not (row[3] == "hold" and (row[0] == "rpm" or row[1] in {"absent", "static"}))
]
SOME = [
    ("apt", "distribution", "dies", "none"),
    ("apt", "distribution", "lies", "none"),
    ("apt", "distribution", "good", "pin"),
    ("apt", "distribution", "good", "full"),
    ("rpm", "docker-ce", "lies", "none"),
    ("rpm", "docker-ce", "good", "exclude"),
    ("rpm", "docker-ce", "good", "full-cache"),
]
REASONS = {
    "static": r"none is installed",
    "dead": r"refused|not connect|Failed to connect|no answer",
    "dies": r"does not give what it lists|closed connection|partial file",
    "lies": r"other packages than its list names",
    "otherkey": r"not signed by the key|nothing of (it|them) is (trusted|used)",
    "lacks": r"containerd\.io",
    "pin": r"pinned with a negative priority in /etc/apt/preferences\.d/no-docker|dnf\.conf, line \d+ .*includepkgs",
    "exclude": r"preferences\.d/no-containerd|dnf\.conf, line \d+ .*exclude=docker-ce",
    "full": r"no room|more space",
    "full-cache": r"no room|No space left|free space",
}


def pytest_generate_tests(metafunc):
    if "row" in metafunc.fixturenames:
        rows = [pytest.param(row, id="-".join(row), marks=[] if row in SOME else pytest.mark.matrix) for row in ALL]
        metafunc.parametrize("row", rows)


@pytest.fixture(scope="module")
def hosts(bed):
    """The host of a family and an engine, used until a run has changed it or the next kind is asked for."""
    found = {}

    def host_of(family, engine):
        if (family, engine) not in found:
            drop()
            found[family, engine] = prepare(bed, family, engine)
        return found[family, engine]

    def drop():
        for host in found.values():
            host.stop()
        found.clear()

    host_of.drop = drop
    yield host_of
    drop()


def apply(bed, host, family, source):
    url = f"http://{bed.source.address}:9/nothing" if source == "dead" else bed.source.variant(source).url
    done = provisioner(
        bed, "apply", host.target, "--yes", "--allow-restart", "--json", "--strategy", STRATEGIES[family],
        "--docker-version", NEW, "--source", url, "--source-fingerprint", bed.source.fingerprint,
    )  # fmt: skip
    assert done.returncode != 70, done.stderr[-3000:]
    assert done.stdout, done.stderr[-3000:]
    (outcome,) = json.loads(done.stdout)["hosts"]
    return outcome, done


def test_an_engine_that_worked_works(row, bed, hosts, record_property):
    family, engine, source, way = row
    host = hosts(family, engine)
    before, began = state(host), time.monotonic()
    with obstacle(host, way, family, engine):
        before = state(host)
        outcome, done = apply(bed, host, family, source)
        after = state(host)
        wrong = consistent(host)
        left = litter(host)
    status, said = outcome["status"], f"{outcome['error']} {done.stderr}"
    message = (outcome["error"] or {}).get("message", "")
    record_property("matrix", [*row, status, f"{time.monotonic() - began:.0f} s", said_of(message)])
    if status == "changed" or after != before:
        hosts.drop()

    # The status tells the truth.
    if status == "changed":
        assert after.engine.startswith(NEW), after
    else:
        assert status in {"rolled_back", "unsupported", "blocked", "failed"}, outcome
        assert done.returncode in {5, 6, 8}, said
    if status in {"rolled_back", "unsupported", "blocked"}:
        assert after == before, said
    # An engine that worked works, and its containers run.
    if engine != "absent":
        assert after.engine.endswith("active\n"), said
        assert after.containers == "web running\n", said
        if after.engine != before.engine and status != "changed":
            assert after.engine.startswith((OLD, NEW)), said
    # Packages and sources are consistent, and nothing of the run is left.
    assert (wrong, left) == ("", ""), said
    # The first thing that is wrong is named.
    # Nothing is installed beside an engine that no package brought.
    kinds = ("static",) if engine == "static" else (source, way)
    faults = [REASONS[name] for name in kinds if name in REASONS]
    if status != "changed":
        assert faults, said
        assert any(re.search(reason, said) for reason in faults), said
    else:
        assert way in {"hold", "none"}, said
