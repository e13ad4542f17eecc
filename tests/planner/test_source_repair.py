"""An engine whose packages have no source any more, as a run that broke off leaves it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.catalogue.package_sources import docker_key
from provisioner.facts.host import Host
from provisioner.facts.package_state import PackageState
from provisioner.host_files.host_file import HostFile
from provisioner.planner.planner import plan, questions
from provisioner.sources.leftovers import set_up
from provisioner.wanted.spec import Spec
from tests.hosts import RUNNING
from tests.keys import KEY
from tests.offered import EL9, ROCKY, good

KEY_PATH = "/etc/apt/keyrings/docker.asc"
TEXT = f"Types: deb\nURIs: https://x.example/linux/ubuntu\nSuites: noble\nComponents: stable\nSigned-By: {KEY_PATH}\n"
SOURCE = HostFile("/etc/apt/sources.list.d/docker.sources", TEXT)
SOURCELESS = replace(RUNNING, package_state=PackageState(sourceless=True))


def ids(planned):
    return [step.id for step in planned.steps]


def test_a_docker_ce_without_a_source_gets_one_and_keeps_its_packages():
    assert questions(Host.of(SOURCELESS), Spec()).sources
    planned = plan("h", Host.of(SOURCELESS), (good("official"),), Spec())
    assert ids(planned) == ["source"]
    assert [diff.path for diff in planned.diffs] == [KEY_PATH, SOURCE.path]
    assert planned.restart.how == "none"


def test_where_no_source_answers_that_is_said_and_stops_nothing():
    dead = replace(good("official"), problem="timed out")
    planned = plan("h", Host.of(SOURCELESS), (dead,), Spec(registry_mirrors=["https://m.example"]))
    assert ids(planned) == ["daemon-config"]
    assert any(
        "the package source of docker-ce stays as it is: no package source" in warning for warning in planned.warnings
    )


def test_on_rpm_the_repository_and_its_key_come_back():
    facts = replace(
        ROCKY,
        engine=RUNNING.engine,
        units=RUNNING.units,
        packages={"docker-ce": "3:26.1.5-1.el9"},
        package_state=PackageState(sourceless=True),
    )
    planned = plan("h", Host.of(facts), (good("official", EL9, suites=("rhel/9",)),), Spec())
    assert ids(planned) == ["source"]


def test_a_source_that_lacks_its_key_is_not_exchanged_for_another():
    facts = replace(RUNNING, source_files=(SOURCE,), package_state=PackageState(missing_keys=(KEY_PATH,)))
    first = questions(Host.of(facts), Spec()).sources[0]
    assert (first.name, first.base, first.fingerprint) == ("configured", "https://x.example", docker_key("deb"))
    own = replace(good("configured"), problem="timed out", source=replace(good("configured").source, base=first.base))
    planned = plan("h", Host.of(facts), (own, good("official")), Spec())
    assert planned.empty
    assert any("timed out" in warning for warning in planned.warnings)
    back = plan("h", Host.of(facts), (replace(own, problem=""), good("official")), Spec())
    assert [diff.path for diff in back.diffs] == [KEY_PATH, SOURCE.path]


@pytest.mark.parametrize(
    ("files", "missing", "problem"),
    [
        pytest.param((SOURCE, HostFile(KEY_PATH, KEY)), (), "", id="complete"),
        pytest.param((SOURCE,), (KEY_PATH,), f"the key of its package source is missing: {KEY_PATH}", id="no-key"),
        pytest.param(
            (
                replace(
                    SOURCE, text=TEXT + "\nURIs: https://y.example/debian\nSigned-By: /etc/apt/keyrings/other.asc\n"
                ),
            ),
            ("/etc/apt/keyrings/other.asc",),
            "",
            id="the-key-of-another-source",
        ),
    ],
)
def test_what_a_source_lacks(files, missing, problem):
    facts = replace(RUNNING, source_files=files, package_state=PackageState(missing_keys=missing))
    assert set_up(facts) == problem
    assert bool(questions(Host.of(facts), Spec()).sources) == bool(problem)


@pytest.mark.parametrize(
    "spec", [Spec(install=False, registry_mirrors=["https://m.example"]), Spec(strategy="convenience-script")]
)
def test_nobody_is_asked_where_no_source_is_wanted(spec):
    assert questions(Host.of(SOURCELESS), spec).sources == ()
