"""What the host's own configuration forbids to install is said by check, and refused before there is a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import BlockedError
from provisioner.facts.apt_pins import Pin
from provisioner.facts.host import Host
from provisioner.facts.package_state import PackageState
from provisioner.facts.rpm_excludes import Exclude
from provisioner.planner.planner import plan
from provisioner.preflight import check
from provisioner.preflight.forbidden import Origin, forbids
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, RUNNING
from tests.offered import ROCKY, good

FILE = "/etc/apt/preferences.d/no-docker"
DOCKER = Origin("download.docker.com", {"o": "Docker", "l": "Docker CE", "c": "stable"})
NOBLE = "5:29.4.0-1~ubuntu.24.04~noble"


def pin(packages="docker-ce", kind="version", what="*", priority=-1, file=FILE):
    return Pin(file, tuple(packages.split()), kind, what, priority)


@pytest.mark.parametrize(
    ("pins", "version", "forbidden"),
    [
        pytest.param([pin()], "", True, id="of all versions"),
        pytest.param([pin(priority=100)], "", False, id="of no negative priority"),
        pytest.param([pin("docker-ce-cli")], "", False, id="of another package"),
        pytest.param([pin("docker*")], "", True, id="a pattern"),
        pytest.param([pin("/^docker-/")], "", True, id="an expression"),
        pytest.param([pin("/^(docker)\\W/")], "", False, id="an expression that only apt reads"),
        pytest.param([pin("docker-ce:amd64")], "", False, id="an architecture"),
        pytest.param([pin("src:docker-ce")], "", False, id="a source package"),
        pytest.param([pin("*")], "", False, id="a version of everything is nothing to apt"),
        pytest.param([pin("*", "release", "*")], "", True, id="every source"),
        pytest.param([pin("*", "release", "o=Docker")], "", True, id="Docker's source"),
        pytest.param([pin("*", "release", "o=Docker, c=test")], "", False, id="another channel of it"),
        pytest.param([pin("*", "release", "o=Docker, a=noble")], "", False, id="an archive that is not known"),
        pytest.param([pin("*", "release", "o=Ubuntu")], "", False, id="another source"),
        pytest.param([pin("*", "origin", '"download.docker.com"')], "", True, id="its host"),
        pytest.param([pin("*", "origin", "esm.ubuntu.com")], "", False, id="another host"),
        pytest.param([pin(what="5:29.*")], "5:29.4.0-", True, id="the wanted release"),
        pytest.param([pin(what="5:28.*")], "5:29.4.0-", False, id="another release"),
        pytest.param([pin(what="5:29.*")], "", False, id="a release, and nobody said which is wanted"),
        pytest.param([pin(what="5:29.4.1*")], "5:29.4.", False, id="one of those that are wanted"),
        pytest.param([pin(priority=500), pin()], "", False, id="the first one counts"),
        pytest.param([pin(what="5:28.*", priority=500), pin()], "5:29.", True, id="the first one that matches"),
        pytest.param([pin(what="5:28.*", priority=500), pin()], "", False, id="one that may match"),
        pytest.param([pin("*", "release", "*"), pin(priority=500)], "", False, id="one by name before those of all"),
    ],
)
def test_which_pin_counts(pins, version, forbidden):
    assert (forbids(pins, "docker-ce", version, DOCKER) is not None) is forbidden


def test_a_version_that_is_known_is_compared_in_full():
    assert forbids([pin(what="5:29.4.0-*")], "docker-ce", NOBLE, DOCKER, exact=True)
    assert forbids([pin(what=NOBLE)], "docker-ce", NOBLE, DOCKER, exact=True)
    assert not forbids([pin(what="5:29.4.1*")], "docker-ce", NOBLE, DOCKER, exact=True)


def with_state(facts, **changes):
    return Host.of(replace(facts, package_state=PackageState(**changes)))


def found(host, name, spec=None, *, installs=True):
    return [(row.verdict, row.detail) for row in check(host, spec or Spec(), installs=installs) if row.name == name]


SAID = f"docker-ce is pinned with a negative priority in {FILE}: it must not be installed"


def test_a_negative_pin_stops_an_installation_and_nothing_else():
    host = with_state(BARE, pins=(pin(),))
    assert found(host, "pins") == [("fail", SAID)]
    with pytest.raises(BlockedError, match="pinned with a negative priority") as refused:
        plan("h", host, (good("official"),), Spec())
    assert refused.value.hint == "take that pin out, or stay with what is there"
    assert found(with_state(RUNNING, pins=(pin(),)), "pins", installs=False) == []


def test_only_what_would_be_installed_is_looked_at():
    host = with_state(BARE, pins=(pin("docker.io"),))
    assert found(host, "pins") == []
    assert found(host, "pins", Spec(strategy="distro-packages"))[0][0] == "fail"
    assert found(with_state(BARE, pins=(pin(),)), "pins", Spec(strategy="distro-packages")) == []


def test_a_companion_that_is_there_may_stay_as_it_is():
    packages = {"docker-ce": "5:28.3.1-1~ubuntu.24.04~noble", "containerd.io": "1.7.27-1"}
    host = with_state(replace(RUNNING, packages=packages), pins=(pin("containerd.io"),))
    assert [verdict for verdict, _ in found(host, "pins", Spec(version="29"))] == ["warn"]


def test_a_version_that_the_source_would_give_is_refused_before_there_is_a_plan():
    host = with_state(BARE, pins=(pin(what="5:29.4.0-1~*"),))
    assert found(host, "pins") == []
    with pytest.raises(BlockedError, match="pinned with a negative priority"):
        plan("h", host, (good("official"),), Spec())
    assert plan("h", host, (good("official"),), Spec(version="28.3.1")).steps


def exclude(text, section="main", file="/etc/dnf/dnf.conf"):
    name, _, words = text.partition("=")
    return Exclude(file, 3, section, text, tuple(words.split(",")), only=name == "includepkgs")


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        pytest.param(exclude("exclude=docker-ce*"), "fail", id="docker-ce"),
        pytest.param(exclude("excludepkgs=container-selinux"), "fail", id="what it needs"),
        pytest.param(exclude("includepkgs=bash"), "fail", id="all but some"),
        pytest.param(exclude("exclude=kernel*"), "", id="others"),
        pytest.param(exclude("exclude=docker*", "base"), "", id="of another repository"),
        pytest.param(exclude("exclude=container-selinux", "appstream"), "", id="of one of many"),
    ],
)
def test_an_exclude_stops_an_installation(row, verdict):
    rows = found(with_state(ROCKY, excludes=(row,)), "excludes")
    assert [row[0] for row in rows] == [verdict] * bool(verdict)
    if verdict:
        assert "/etc/dnf/dnf.conf, line 3 keeps " in rows[0][1]
        assert f"from being installed: {row.text}" in rows[0][1]
        with pytest.raises(BlockedError, match="from being installed"):
            plan("h", with_state(ROCKY, excludes=(row,)), (good("official"),), Spec())


def test_what_is_there_needs_not_come():
    there = replace(ROCKY, packages={"container-selinux": "2:2.232"})
    assert found(with_state(there, excludes=(exclude("exclude=container-selinux"),)), "excludes") == []
