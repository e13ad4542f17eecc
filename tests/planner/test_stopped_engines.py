"""A stopped engine is judged as a running one is; where nobody can know, that is said and is no success."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from provisioner.checks.after_apply import verify_checks
from provisioner.errors import ApplyError
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.planner.planner import plan
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.options_of_dockerd import ENV, LIB, PACKAGED, drop_in
from tests.options_of_dockerd import host as of_unit

CONFIG = "/etc/docker/daemon.json"
URL = "https://m.example"
MIRRORS = Spec(registry_mirrors=[URL], install=False)
WITH_ENV = HostFile(LIB, f"[Service]\n{ENV}ExecStart=/usr/bin/dockerd -H fd:// $DOCKER_OPTS\n")


def stopped(facts, *, version="26.1.5", text=None, **changes):
    unit = facts.engine_unit
    state = {"active_state": "inactive", **changes.pop("unit", {})}
    units = {unit.name: replace(unit, **state)} if unit else {}
    engine = replace(facts.engine, pid=0, info=None, command_line=(), version=version, client_version="")
    file = HostFile(CONFIG, text) if text is not None else None
    return replace(facts, units=units, engine=engine, daemon_json=file, packages={}, **changes)


@pytest.mark.parametrize(
    ("facts", "trial", "flags"),
    [
        pytest.param(stopped(of_unit(PACKAGED)), "validate", ["-H", "fd://"], id="23 and later"),
        pytest.param(
            stopped(of_unit(WITH_ENV, options="DOCKER_OPTS=--label a=b\n")),
            "validate",
            ["-H", "fd://", "--label", "a=b"],
            id="its environment",
        ),
        pytest.param(
            stopped(of_unit(PACKAGED), version="20.10.24", user_namespaces=9), "unshare", ["-H", "fd://"], id="20.10"
        ),
        pytest.param(stopped(of_unit(PACKAGED), version="20.10.24"), None, None, id="20.10 without user name spaces"),
        pytest.param(stopped(of_unit(PACKAGED), version="18.06.3", user_namespaces=9), None, None, id="18.06"),
    ],
)
def test_it_is_asked_before_anything_is_written(facts, trial, flags):
    (step,) = plan("h", Host.of(facts), (), MIRRORS).steps
    assert (step.params.get("trial"), step.params.get("flags")) == (trial, flags)
    script = apply_script(plan("h", Host.of(facts), (), MIRRORS))
    assert ("unshare -U" in script) == (trial == "unshare")
    assert ("--validate" in script) == (trial == "validate")
    if trial:
        assert script.index("dockerd refuses this configuration") < script.rindex(f"put {CONFIG} ")


def test_options_of_an_init_script_are_tried_with_the_file_that_is_there():
    facts = of_unit(init="sysvinit", options='DOCKER_OPTS="-D"\n', starts_at_boot=True)
    facts = stopped(facts, version="20.10.24", user_namespaces=9, text='{"labels": ["a=b"]}')
    (step,) = plan("h", Host.of(facts), (), MIRRORS).steps
    assert step.params["candidate"] == '{"labels": ["a=b"]}'
    assert step.params["flags"] == ["-D", f"--registry-mirror={URL}"]


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        pytest.param(
            stopped(of_unit(WITH_ENV, options="DOCKER_OPTS=--debug --icc=false\n"), text='{"debug": true}'),
            "/etc/default/docker, line 1 gives --debug, and /etc/docker/daemon.json has debug as well",
            id="a key that is not wanted",
        ),
        pytest.param(
            stopped(of_unit(PACKAGED), text='{"hosts": ["unix:///x"]}'), "gives -H, and .* has hosts as well", id="hosts"
        ),
        pytest.param(
            stopped(of_unit(PACKAGED, drop_in("ExecStart=dockerd --http-proxy=http://p\n")), text='{"proxies": {"http-proxy": "http://q"}}'),
            "gives --http-proxy, and .* has proxies as well", id="a member of proxies",
        ),
        pytest.param(
            of_unit(PACKAGED, drop_in("ExecStart=dockerd --label a=b\n"), daemon_json=HostFile(CONFIG, '{"labels": []}'), mirrors=()),
            "gives --label, and .* has labels as well", id="of an engine that runs",
        ),
    ],
)  # fmt: skip
def test_flags_and_keys_that_exclude_each_other_are_found_whoever_wants_them(facts, says):
    with pytest.raises(ApplyError, match=says):
        plan("h", Host.of(facts), (), MIRRORS)


@pytest.mark.parametrize(
    ("drop", "text"),
    [
        ("ExecStart=dockerd --add-runtime=a=/b\n", '{"runtimes": {"c": {"path": "/d"}}}'),
        ("ExecStart=dockerd --no-proxy=x\n", '{"proxies": {"http-proxy": "http://q"}}'),
    ],
)
def test_what_may_be_given_both_ways_is_no_conflict(drop, text):
    assert plan("h", Host.of(stopped(of_unit(PACKAGED, drop_in(drop)), text=text)), (), MIRRORS).steps


@pytest.mark.parametrize(
    ("facts", "spec", "unknown"),
    [
        pytest.param(stopped(of_unit(PACKAGED)), MIRRORS, "", id="known"),
        pytest.param(
            stopped(of_unit(PACKAGED), unit={"active_state": "failed"}),
            MIRRORS,
            "docker.service is failed",
            id="failed",
        ),
        pytest.param(
            stopped(of_unit(PACKAGED), unit={"result": "exit-code"}),
            MIRRORS,
            "stopped, after it ended with exit-code",
            id="ended badly",
        ),
        pytest.param(
            stopped(of_unit(PACKAGED, drop_in("ExecStart=/bin/sh -c 'dockerd'\n"))),
            MIRRORS,
            "runs /bin/sh",
            id="wrapper",
        ),
        pytest.param(
            stopped(of_unit(PACKAGED), version="18.06.3"), MIRRORS, "Docker 18.06.3 cannot be asked to try it", id="old"
        ),
        pytest.param(stopped(of_unit(PACKAGED), version=""), MIRRORS, "its version is not known", id="no version"),
        pytest.param(
            stopped(of_unit(PACKAGED)),
            Spec(daemon={"storage-driver": "btrfs", "debug": True}, install=False),
            "only a start can tell whether storage-driver can be had",
            id="a key that meets the host",
        ),
        pytest.param(
            stopped(of_unit(init="sysvinit", options='DOCKER_OPTS="$(cat /x)"\n'), user_namespaces=1),
            MIRRORS,
            "only the shell can tell what /etc/default/docker gives to DOCKER_OPTS",
            id="the shell",
        ),
    ],
)
def test_where_it_cannot_be_known_that_is_no_success(facts, spec, unknown):
    (check,) = verify_checks(Host.of(facts), spec)
    assert check.passed == (not unknown)
    assert unknown in check.detail


@pytest.mark.parametrize(
    ("text", "version", "said"),
    [
        pytest.param('{"labels": "a=b"}', "26.1.5", "labels must be a list of strings", id="type"),
        pytest.param(
            '{"storage-driver": "aufs"}', "26.1.5", "aufs in storage-driver went with Docker 24.0", id="value"
        ),
        pytest.param('{"graph": "/x"}', "26.1.5", "graph went with Docker 23.0", id="key"),
        pytest.param('{"hosts": ["unix:///x"]}', "26.1.5", "gives -H, and .* has hosts as well", id="flag and file"),
        pytest.param('\ufeff{"debug": true}', "20.10.24", "begins with a byte order mark", id="byte order mark"),
        pytest.param('\ufeff{"debug": true}', "26.1.5", "", id="byte order mark that is read"),
        pytest.param('{"mtu": -1}', "26.1.5", "mtu must not be negative", id="mtu"),
        pytest.param('{"mtu": -1}', "20.10.24", "", id="mtu of an old engine"),
        pytest.param('{"deprecated-key-path": 5}', "26.1.5", "", id="a key that is ignored"),
        pytest.param('{"deprecated-key-path": 5}', "18.09.1", "deprecated-key-path must be a string", id="and was not"),
    ],
)
def test_a_file_that_was_as_wanted_before_is_judged_whole(text, version, said):
    host = Host.of(stopped(of_unit(PACKAGED), version=version, text=text, user_namespaces=9))
    (check,) = verify_checks(host, Spec(install=False))
    assert check.passed == (not said)
    assert re.search(
        (said and f"its next start fails: .*{said}") or "takes the configuration at its next start", check.detail
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"debug": true, "debug": false}', "stopped; this program leaves it as it is (dockerd takes the last one): "),
        ("\udcff\udcfe{\0}\0", "stopped; this program leaves it as it is (as UTF-16 dockerd reads it since 23.0): "),
        ("null", "stopped; this program leaves it as it is (dockerd takes it for an empty object): "),
        ('{"debug": true,}', "stopped; the next start of the engine will fail: "),
    ],
)
def test_our_own_caution_is_not_stated_as_what_dockerd_refuses(text, said):
    (check,) = verify_checks(Host.of(stopped(of_unit(PACKAGED), text=text)), Spec(install=False))
    assert not check.passed
    assert check.detail.startswith(said)
