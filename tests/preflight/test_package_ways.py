"""What a proxy that does not answer means for an installation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.facts.host import Host
from provisioner.facts.model import OperatingSystem
from provisioner.facts.package_state import PackageState
from provisioner.facts.package_ways import Way
from provisioner.preflight import blocking_error, check
from provisioner.preflight.package_ways import hosts_to_ask
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, RUNNING

CENTOS = replace(BARE, os=OperatingSystem(id="centos", version_id="9", name="CentOS Stream 9"), package_manager="dnf")
WHERE = "/etc/apt/apt.conf.d/90corp:1"


def way(uri, *, dead=True, listed=True):
    proxy = ("127.0.0.1:9", WHERE, "Connection refused") if dead else ()
    return Way(uri, listed, *proxy)


ARCHIVE, ARCHIVE_ALIVE = way("http://archive.example"), way("http://archive.example", dead=False)
SOURCE = way("https://download.docker.com", listed=False)
SOURCE_ALIVE = replace(way("https://download.docker.com", dead=False), listed=False)
ROWS = {
    "all is dead, and the distribution has an engine": (BARE, Spec(), (ARCHIVE, SOURCE), "archive proxy fail"),
    "the archive alone is alive": (BARE, Spec(), (ARCHIVE_ALIVE, SOURCE), "package proxy warn"),
    "the archive alone is dead": (BARE, Spec(), (ARCHIVE, SOURCE_ALIVE), "package proxy warn"),
    "one of two archives is dead": (
        BARE, Spec(strategy="distro-packages"), (ARCHIVE, way("http://b.example", dead=False)), "package proxy warn",
    ),
    "the distribution's engine, and nothing to fetch it from": (
        BARE, Spec(strategy="distro-packages"), (ARCHIVE,), "archive proxy fail",
    ),
    "a source by name": (BARE, Spec(source="aliyun"), (ARCHIVE_ALIVE, SOURCE), "source proxy fail"),
    "a strategy with a source": (BARE, Spec(strategy="apt-repo"), (ARCHIVE, SOURCE), "source proxy fail"),
    "no engine of the distribution's own": (CENTOS, Spec(), (SOURCE,), "source proxy fail"),
    "a repository that is reached": (CENTOS, Spec(), (ARCHIVE_ALIVE, SOURCE), "package proxy warn"),
    "nobody knows where from": (CENTOS, Spec(), (ARCHIVE,), "package proxy warn"),
    "an engine that is there": (RUNNING, Spec(), (ARCHIVE, SOURCE), ""),
    "all is alive": (BARE, Spec(), (ARCHIVE_ALIVE, SOURCE_ALIVE), ""),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_a_dead_proxy_fails_where_every_way_leads_through_one(row):
    facts, spec, ways, expected = ROWS[row]
    host = Host.of(replace(facts, package_state=PackageState(ways=ways)))
    findings = check(host, spec, installs=facts is not RUNNING)
    told = [finding for finding in findings if finding.name.endswith("proxy")]
    assert " ".join(f"{finding.name} {finding.verdict}" for finding in told) == expected
    for finding in told:
        assert "127.0.0.1:9" in finding.detail
        assert "Connection refused" in finding.detail
        assert WHERE in finding.way_out
    # What a source answers is for the planner to say.
    assert (blocking_error(told) is not None) == (expected == "archive proxy fail")


@pytest.mark.parametrize(
    ("spec", "asked"),
    [
        pytest.param(Spec(), ("https://download.docker.com",), id="auto"),
        pytest.param(Spec(source="aliyun"), ("https://mirrors.aliyun.com",), id="by name"),
        pytest.param(Spec(source="http://[2001:db8::1]:8080/docker-ce"), ("http://[2001:db8::1]:8080",), id="a URL"),
        pytest.param(Spec(source="nowhere"), (), id="unknown"),
        pytest.param(Spec(strategy="distro-packages"), (), id="the distribution's"),
        pytest.param(Spec(install=False), (), id="mirrors alone"),
    ],
)
def test_the_host_that_would_be_asked_is_known(spec, asked):
    assert hosts_to_ask(spec) == asked


def test_a_held_package_of_somebody_else_that_an_engine_needs_stops_an_installation():
    facts = replace(BARE, package_state=PackageState(held_needed=("libxtables12",)))
    error = blocking_error(check(Host.of(facts), Spec(), installs=True))
    assert error is not None
    assert "libxtables12" in error.message
    assert error.hint == "release what is held: apt-mark unhold libxtables12"
    assert (
        blocking_error(check(Host.of(replace(RUNNING, package_state=facts.package_state)), Spec(), installs=False))
        is None
    )


def test_a_folder_that_apts_account_cannot_go_through_stops_what_brings_a_key():
    state = PackageState(closed_folders=("/etc/apt/keyrings",))
    host = Host.of(replace(BARE, package_state=state))
    error = blocking_error(check(host, Spec(), installs=True))
    assert error is not None
    assert error.hint == "open it as it comes with apt: chmod o+x /etc/apt/keyrings"
    assert blocking_error(check(host, Spec(strategy="distro-packages"), installs=True)) is None
