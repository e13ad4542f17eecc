"""What stands in daemon.json is judged before anything: odd types, values that no engine takes, any document at all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.catalogue.rows import data
from provisioner.checks.after_apply import verify_checks
from provisioner.checks.drift import status_checks
from provisioner.checks.mirror_status import mirror_status
from provisioner.errors import ApplyError, DaemonConfigurationError, ProvisionerError
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.planner.planner import plan, questions
from provisioner.preflight import check
from provisioner.removal.removal import plan_removal
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING
from tests.offered import good

CONFIG = "/etc/docker/daemon.json"
URL = "https://docker.m.daocloud.io"


def with_file(text, facts=RUNNING, **info):
    text = text if isinstance(text, str) else json.dumps(text)
    engine = replace(facts.engine, info=replace(INFO, **info)) if facts.engine.info else facts.engine
    return replace(facts, engine=engine, daemon_json=HostFile(CONFIG, text))


STOPPED = replace(RUNNING, engine=replace(RUNNING.engine, pid=0, info=None))
ADD, REMOVE = ({"mirror_change": {how: [URL]}, "install": False} for how in ("add", "remove"))


@pytest.mark.parametrize("facts", [RUNNING, STOPPED], ids=["runs", "stopped"])
@pytest.mark.parametrize("spec", [ADD, REMOVE], ids=["add", "remove"])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        (URL, f'must be a list of strings, not a string: write ["{URL}"]'),
        (True, "must be a list of strings, not a boolean"),
        (5, "must be a list of strings, not a number"),
        ({"url": URL}, "must be a list of strings, not an object"),
        ([URL, None], "must be a list of strings, not a list of strings and nulls"),
    ],
)
def test_mirrors_as_string(facts, spec, value, says):
    text = f'{{\n  "data-root": "/var/lib/docker",\n  "registry-mirrors": {json.dumps(value)}\n}}'
    with pytest.raises(DaemonConfigurationError) as refused:
        plan("h", Host.of(with_file(text, facts)), (), Spec(**spec))
    assert says in refused.value.message
    assert f"{CONFIG}, line 3, column 23: " in refused.value.message
    found = mirror_status(Host.of(with_file(text, facts)))
    assert says in found.problems[0]
    assert found.configured.urls == ()
    repaired = plan("h", Host.of(with_file(text, facts)), (), Spec(registry_mirrors=[URL], install=False))
    assert json.loads(repaired.diffs[0].after)["registry-mirrors"] == [URL]


def test_a_mirror_without_scheme_is_taken_out_by_its_text():
    facts = with_file({"registry-mirrors": ["docker.mirrors.ustc.edu.cn", URL]}, STOPPED)
    with pytest.raises(ApplyError, match=r"'docker\.mirrors\.ustc\.edu\.cn' has no scheme"):
        plan("h", Host.of(facts), (), Spec(mirror_change={"add": ["https://b"]}, install=False))
    spec = Spec(mirror_change={"remove": ["docker.mirrors.ustc.edu.cn/"]}, install=False)
    planned = plan("h", Host.of(facts), (), spec)
    assert json.loads(planned.diffs[0].after) == {"registry-mirrors": [URL]}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"storage-opts": ["overlay2.override_kernel_check=true"]}, "went with Docker 24.0"),
        ({"nope": 1}, "nope is no key"),
        ({"labels": 5}, "labels must be a list of strings"),
        ({"insecure-registries": ["my_reg:5000"]}, "neither HOST"),
    ],
)
@pytest.mark.parametrize("facts", [RUNNING, STOPPED], ids=["runs", "stopped"])
def test_a_file_that_the_engine_does_not_take_is_not_touched(facts, config, says):
    with pytest.raises(
        ApplyError, match=r"neither reloads nor starts with .*daemon\.json: .*Nothing was changed"
    ) as no:
        plan("h", Host.of(with_file(config, facts)), (), Spec(registry_mirrors=[URL], install=False))
    assert says in no.value.message


def test_upgrade_with_removed_storage_option():
    text = {"storage-driver": "overlay2", "storage-opts": ["overlay2.override_kernel_check=true"]}
    old = with_file(text, version="20.10.24")
    old = replace(old, packages={"docker-ce": "5:20.10.24~3-0~ubuntu-noble"})
    versions = ("5:20.10.24~3-0~ubuntu-noble", "5:26.1.5-1~ubuntu.24.04~noble")
    with pytest.raises(
        ApplyError, match=r"Docker 26\.1\.5 would not start with .*override_kernel_check in storage-opts"
    ):
        plan("h", Host.of(old), (good("official", versions),), Spec(version="26.1"))
    assert plan("h", Host.of(old), (), Spec(registry_mirrors=[URL], install=False)).steps


def test_an_upgrade_to_an_engine_that_runs_no_container_is_refused():
    old = with_file({"log-driver": "logentries"}, version="20.10.24")
    old = replace(old, packages={"docker-ce": "5:20.10.24~3-0~ubuntu-noble"})
    with pytest.raises(ApplyError, match=r"would start no container with .*logentries in log-driver went"):
        plan("h", Host.of(old), (good("official", ("5:26.1.5-1~ubuntu.24.04~noble",)),), Spec(version="26.1"))


def test_an_http_mirror_below_the_containerd_store_is_warned_about():
    mirror = Spec(registry_mirrors=["http://m:5000"], install=False)
    said = "asks http://m:5000 over https, since m:5000 is no insecure registry"
    store = with_file({}, containerd_store=True)
    assert any(said in warning for warning in plan("h", Host.of(store), (), mirror).warnings)
    known = with_file({"insecure-registries": ["m:5000"]}, containerd_store=True, insecure_registries=("m:5000",))
    newer = with_file({}, containerd_store=True, version="28.5.2")
    for facts in (known, newer, with_file({})):
        assert not any("over https" in warning for warning in plan("h", Host.of(facts), (), mirror).warnings)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text('h:/a.ä"\\ \n', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=2),
    max_leaves=5,
)
KEYS = st.sampled_from(sorted({*data("daemon_keys")["keys"], "nope", "registry-mirror", "http-proxy", ""}))
DOCUMENTS = st.dictionaries(KEYS, JSON, max_size=5).map(json.dumps) | JSON.map(json.dumps) | st.text(max_size=9)
SPECS = [
    {"registry_mirrors": [URL], "install": False},
    {"registry_mirrors": [], "install": False},
    ADD,
    REMOVE,
    {"insecure_registries": ["10.0.0.5/8"], "daemon": {"labels": ["a=b"], "debug": None}},
    {"daemon": {"proxies": {"http-proxy": "http://p"}, "features": {"x": True}}, "take_over": True},
    {"version": "28"},
    {},
]


@given(
    DOCUMENTS,
    st.sampled_from(SPECS),
    st.sampled_from([RUNNING, STOPPED, BARE]),
    st.sampled_from(["systemd", "sysvinit"]),
)
def test_any_document_with_any_command_ends_in_a_plan_or_an_error_of_ours(text, wanted, facts, init):
    facts = replace(with_file(text, facts), init=init, starts_at_boot=True)
    spec = Spec(**wanted)

    def attempt(work):
        try:
            return work()
        except ProvisionerError:
            return None

    host = Host.of(facts)
    attempt(lambda: questions(host, spec))
    planned = attempt(lambda: plan("h", host, (good("official"),), spec))
    if planned and planned.steps:
        assert apply_script(planned)
    attempt(lambda: verify_checks(host, spec))
    attempt(lambda: status_checks("h", host, spec))
    attempt(lambda: check(host, spec, installs=False))
    attempt(lambda: plan_removal("h", host))
    assert mirror_status(host).document()
