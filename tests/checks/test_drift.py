"""Where a host has moved away from, decided from its facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.checks.after_apply import verify_checks
from provisioner.checks.drift import edits, status_checks
from provisioner.checks.ways_back import ways_back
from provisioner.facts.frames import Frame
from provisioner.facts.host import Host
from provisioner.facts.record import REMOVED, Record, WrittenFile, record
from provisioner.host_files.host_file import HostFile
from provisioner.mirror_probe.judge import Judged
from provisioner.planner.planner import plan
from provisioner.planner.record import record_plan
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING
from tests.options_of_dockerd import PACKAGED, drop_in, host

A = "https://a.example"
CONFIG = "/etc/docker/daemon.json"
WRITTEN = WrittenFile(CONFIG, "1" * 64, "20261124T210000Z", "1" * 64)


def running(**changes):
    info = replace(INFO, **changes.pop("info", {}))
    return replace(RUNNING, engine=replace(RUNNING.engine, info=info), **changes)


def differences(facts, spec=None, probed=()):
    return {
        check.name: check.detail
        for check in status_checks("h", Host.of(facts), spec or Spec(), probed)
        if not check.passed
    }


def file(text):
    return HostFile(CONFIG, text)


def unit(**changes):
    return {"docker.service": replace(RUNNING.units["docker.service"], **changes)}


def test_a_host_as_it_should_be_has_none():
    text = '{"debug": false, "registry-mirrors": ["https://a.example"]}'
    facts = running(record=Record((WRITTEN,), "26.1.5"), info={"mirrors": (A,)}, daemon_json=file(text))
    assert differences(facts, Spec(registry_mirrors=[A], version="26")) == {}
    assert {check.name for check in status_checks("h", Host.of(facts), Spec())} == {
        "engine", "service", "configuration", "files", "version",
    }  # fmt: skip


@pytest.mark.parametrize("state", ["enabled", "static"])
def test_a_service_that_starts_at_boot_is_no_drift_however_systemd_calls_it(state):
    facts = running(units=unit(unit_file_state=state))
    assert differences(facts) == {}
    assert plan("h", Host.of(facts), (), Spec()).empty
    assert all(check.passed for check in verify_checks(Host.of(facts), Spec()))


@pytest.mark.parametrize(
    ("facts", "spec", "name", "says"),
    [
        pytest.param(BARE, Spec(), "engine", "no Docker Engine", id="no engine"),
        pytest.param(
            replace(BARE, record=Record(engine=REMOVED)), Spec(hold=True), "engine", "no Docker Engine", id="removed"
        ),
        pytest.param(running(units=unit(unit_file_state="disabled")), Spec(), "service", "active, disabled", id="boot"),
        pytest.param(running(units=unit(unit_file_state="masked")), Spec(), "service", "active, masked", id="masked"),
        pytest.param(running(units=unit(needs_reload=True)), Spec(), "unit files", "daemon-reload", id="unit files"),
        pytest.param(
            running(daemon_json=file('{"registry-mirrors": ["https://a.example"]}')),
            Spec(),
            "configuration",
            "was not reloaded: registry-mirrors is []",
            id="not reloaded",
        ),
        pytest.param(
            running(
                daemon_json=file('{"labels": ["b=ü"], "debug": true}'),
                info={"raw": {"Labels": ["a=1"], "Debug": False}},
            ),
            Spec(),
            "configuration",
            'was not reloaded: labels is ["a=1"], debug is false',
            id="as a file has it",
        ),
        pytest.param(
            running(daemon_json=file('{"nope": 1}')), Spec(), "configuration", "nope is no key", id="unknown key"
        ),
        pytest.param(
            running(daemon_json=file('{"a": 1,}')), Spec(), "configuration", "the next start will fail", id="broken"
        ),
        pytest.param(
            replace(
                host(PACKAGED, drop_in("ExecStart=dockerd --registry-mirror=https://a.example\n"), mirrors=(A,)),
                daemon_json=file('{"registry-mirrors": ["https://a.example"]}'),
            ),
            Spec(),
            "configuration",
            "m.conf, line 3 gives --registry-mirror",
            id="conflict",
        ),
        pytest.param(
            running(record=Record((replace(WRITTEN, now="2" * 64),))),
            Spec(),
            "files",
            f"{CONFIG} was edited since it was written on 2026-11-24",
            id="edited",
        ),
        pytest.param(
            running(record=Record((replace(WRITTEN, now=""),))), Spec(), "files", "was removed since", id="removed"
        ),
        pytest.param(
            running(record=Record(engine="26.1.4")), Spec(), "version", "26.1.5, 26.1.4 at the last run", id="moved"
        ),
        pytest.param(running(), Spec(version="28"), "version", "26.1.5, wanted 28", id="version"),
        pytest.param(
            running(info={"mirrors": (A,)}), Spec(registry_mirrors=[]), "registry mirrors", f"{A}, wanted none", id="m"
        ),
        pytest.param(running(), Spec(hold=True), "hold", "not held: docker-ce", id="hold"),
        pytest.param(running(), Spec(users=["ops"]), "plan", "apply would let ops use docker", id="plan"),
    ],
)
def test_a_difference(facts, spec, name, says):
    assert says in differences(facts, spec)[name]


def test_a_dead_mirror_is_a_difference_when_it_was_asked():
    dead = Judged(A, "dead", "connection refused", "curl")
    assert differences(running(), probed=[dead]) == {f"mirror {A}": "dead: connection refused"}


def test_the_record_is_read_with_what_its_files_are_now():
    found = record(
        {
            "record": f"file {'1' * 64} 20261124T210000Z /etc/a b\nfile {'2' * 64} 20261124T210000Z /etc/gone\nengine 26.1.5 20261124T210000Z docker\n",
            "record-now": f"{'3' * 64}  /etc/a b\n",
        }
    )
    assert [(row.path, row.now[:1], row.untouched) for row in found.files] == [
        ("/etc/a b", "3", False),
        ("/etc/gone", "", False),
    ]
    assert found.engine == "26.1.5"
    assert record({}) == Record()


def test_accepting_notes_only_what_has_changed():
    assert record_plan("h", running(record=Record((WRITTEN,), "26.1.5"))).empty
    planned = record_plan("h", running(record=Record((WRITTEN, replace(WRITTEN, path="/x y", now="")), "26.1.4")))
    assert planned.steps[0].params["paths"] == ["/x y"]
    assert planned.engine_version == "26.1.5"
    assert """printf '%s\\n' '/x y' >>"$RUN/wrote\"""" in apply_script(planned)


@pytest.mark.parametrize(
    ("facts", "spec", "ways"),
    [
        pytest.param(running(), Spec(users=["ops"]), ("provisioner apply",), id="a plan"),
        pytest.param(running(), Spec(version="28"), ("provisioner apply",), id="a version"),
        pytest.param(running(record=Record(engine="26.1.4")), Spec(), ("--accept",), id="a version that moved"),
        pytest.param(running(record=Record((replace(WRITTEN, now="2" * 64),))), Spec(), ("--accept",), id="an edit"),
        pytest.param(running(units=unit(needs_reload=True)), Spec(), ("systemctl daemon-reload",), id="unit files"),
        pytest.param(
            running(daemon_json=file('{"registry-mirrors": ["https://a.example"]}')),
            Spec(),
            ("systemctl reload docker",),
            id="not reloaded",
        ),
        pytest.param(
            running(info={"raw": {"LoggingDriver": "json-file"}}, daemon_json=file('{"log-driver": "local"}')),
            Spec(),
            ("systemctl restart docker",),
            id="a restart",
        ),
        pytest.param(
            running(
                daemon_json=file('{"registry-mirrors": ["https://a.example"]}'),
                record=Record((replace(WRITTEN, now="2" * 64),)),
            ),
            Spec(),
            ("systemctl reload docker", "--accept"),
            id="an edit that was not reloaded",
        ),
        pytest.param(running(daemon_json=file('{"a": 1,}')), Spec(), ("correct /etc/docker/daemon.json",), id="broken"),
    ],
)
def test_the_way_back_is_that_of_the_difference(facts, spec, ways):
    found = ways_back(Host.of(facts), spec, status_checks("web01", Host.of(facts), spec)).split("\n")
    assert len(found) == len(ways), found
    assert all(way in line for way, line in zip(ways, found, strict=True)), found


def test_an_edit_is_shown_where_its_text_was_kept():
    kept = replace(WRITTEN, now="2" * 64, before='{"debug": false}\n', after='{"debug": true}\n')
    (edit,) = edits(Host.of(running(record=Record((kept, replace(WRITTEN, path="/etc/x", now=""))))))
    assert '-{"debug": false}\n+{"debug": true}\n' in edit.unified()


def test_the_texts_of_an_edit_are_read():
    answer = [Frame("as-written", "/etc/a b\nold\n"), Frame("as-edited", "/etc/a b\nnew\n")]
    single = {"record": f"file {'1' * 64} 20261124T210000Z /etc/a b", "record-now": f"{'3' * 64}  /etc/a b"}
    (found,) = record(single, answer).files
    assert (found.before, found.after, found.untouched) == ("old\n", "new\n", False)


def test_an_engine_that_we_have_removed_is_no_difference():
    assert differences(replace(BARE, record=Record(engine=REMOVED))) == {}
