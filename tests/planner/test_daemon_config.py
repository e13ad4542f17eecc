"""What the daemon's configuration needs, decided from what the file says and what the engine shows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ApplyError
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.planner.daemon_config import daemon_step
from provisioner.planner.daemon_keys_check import daemon_warnings
from tests.hosts import INFO, RUNNING

PATH = "/etc/docker/daemon.json"
ONE = ["https://one.example"]


def host(text=None, *, mirrors=(), **changes):
    info = replace(INFO, mirrors=tuple(mirrors), raw={"RegistryConfig": {"Mirrors": list(mirrors)}, "Debug": False})
    engine = replace(RUNNING.engine, **{"info": info, **changes.pop("engine", {})})
    file = HostFile(PATH, text) if text is not None else None
    return replace(RUNNING, engine=engine, daemon_json=file, **changes)


def step(facts, **wanted):
    return daemon_step(Host.of(facts), {key.replace("_", "-"): value for key, value in wanted.items()}, installs=False)[
        0
    ]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        pytest.param(host(), [], id="none wanted, none there"),
        pytest.param(host('{"debug": true}'), [], id="none wanted, key absent"),
        pytest.param(host('{"registry-mirrors": ["https://one.example/"]}', mirrors=ONE), ONE, id="trailing slash"),
        pytest.param(
            host(mirrors=ONE, engine={"command_line": ("dockerd", "--registry-mirror=https://one.example")}),
            ONE,
            id="given by a flag already",
        ),
    ],
)
def test_nothing_to_do(facts, wanted):
    assert step(facts, registry_mirrors=wanted) is None


def test_mirrors_that_only_the_daemon_remembers_are_cleared_by_an_explicit_empty_list():
    change = step(host("{}", mirrors=ONE), registry_mirrors=[])
    assert '"registry-mirrors": []' in change.params["text"]


def test_a_file_that_the_daemon_has_not_taken_up_is_reloaded_as_it_is():
    change = step(host('{"registry-mirrors": ["https://one.example"]}'), registry_mirrors=ONE)
    assert change.params["text"] is None
    assert change.params["how"] == "reload"
    assert change.diffs == ()


def test_the_way_back_says_the_earlier_mirrors_because_a_reload_ignores_absent_keys():
    change = step(host('{"debug": true}'), registry_mirrors=ONE)
    assert change.params["revert"] == '{"debug": true, "registry-mirrors": []}'
    assert change.params["showed"] == "up "


def test_keys_that_stood_in_the_file_come_back_with_it():
    change = step(host('{"registry-mirrors": []}'), registry_mirrors=ONE)
    assert change.params["revert"] is None


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        pytest.param(
            replace(host(), daemon_json=HostFile(PATH, "{}", immutable=True)), "immutable attribute", id="immutable"
        ),
        pytest.param(replace(host(), odd_files=(f"{PATH} is a symlink to nothing",)), "symlink to nothing", id="odd"),
    ],
)
def test_a_file_that_cannot_be_replaced_is_refused_before_anything_happens(facts, message):
    with pytest.raises(ApplyError, match=message):
        step(facts, registry_mirrors=ONE)


def test_a_symlink_is_followed_to_the_file_that_is_replaced():
    facts = replace(host(), daemon_json=HostFile("/srv/daemon.json", "{}", asked=PATH))
    assert step(facts, registry_mirrors=ONE).params["path"] == "/srv/daemon.json"


def test_what_docker_info_must_show_is_asked_for_every_key_that_it_shows():
    change = step(host("{}"), registry_mirrors=ONE, debug=True)
    assert change.params["format"] == (
        "{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}} {{.Debug}}{{end}}"
    )
    assert change.params["shows"] == "up https://one.example/  true"


PROXIES = {"proxies": {"http-proxy": "http://proxy.example:3128"}}


def test_a_key_that_the_engine_does_not_know_is_refused():
    facts = host("{}", engine={"info": replace(INFO, version="20.10.24+dfsg1")})
    with pytest.raises(ApplyError, match=r"proxies came with Docker 23\.0, this is 20\.10\.24.*Nothing was changed"):
        daemon_step(Host.of(facts), PROXIES, installs=False)
    assert daemon_step(Host.of(facts), PROXIES, installs=True, version="28.3.1")[0] is not None


def test_an_upgrade_to_an_engine_that_refuses_the_file_is_refused():
    facts = host('{"graph": "/srv/docker", "debug": false}', engine={"info": replace(INFO, version="20.10.24")})
    with pytest.raises(ApplyError, match=r"Docker 28\.3\.1 would not start with /etc/docker/daemon\.json: graph went"):
        daemon_step(Host.of(facts), {}, installs=True, version="28.3.1")
    assert daemon_step(Host.of(facts), {}, installs=True, version="")[0] is None
    assert daemon_step(Host.of(facts), {}, installs=False)[0] is None


def test_a_mirror_with_a_path_is_refused_where_the_engine_would_not_start_with_it():
    facts = host(engine={"info": replace(INFO, version="24.0.7")})
    with pytest.raises(ApplyError, match=r"https://one\.example/hub has a path"):
        step(facts, registry_mirrors=["https://one.example/hub"])


@pytest.mark.parametrize(
    ("version", "insecure", "how"),
    [
        ("23.0.6", ["r.example:5000"], "restart"),
        ("23.0.6", [], "reload"),
        ("23.0.7", ["r.example:5000"], "reload"),
        ("24.0.0", ["r.example:5000"], "restart"),
    ],
)
def test_engines_that_lose_insecure_registries_are_restarted(version, insecure, how):
    facts = host(engine={"info": replace(INFO, version=version, insecure_registries=tuple(insecure))})
    _, restart = daemon_step(Host.of(facts), {"registry-mirrors": ONE}, installs=False)
    assert restart.how == how


def test_null_gives_a_key_back_to_the_default_which_a_reload_must_be_told():
    facts = host('{"debug": true}', engine={"info": replace(INFO, raw={"Debug": True})})
    assert daemon_step(Host.of(facts), {"debug": None}, installs=False)[0].params["text"] == '{"debug": false}'


@pytest.mark.parametrize(
    ("text", "version", "says"),
    [
        pytest.param(
            '{"registry-mirror": []}', "28.5.2", "registry-mirror in /etc/docker/daemon.json has no", id="flag"
        ),
        pytest.param('{"nope": 1}', "28.5.2", "neither reloads nor restarts with it: nope is no key", id="unknown"),
        pytest.param('{"nope": 1,}', "28.5.2", "the next start of the engine will fail", id="broken"),
        pytest.param("{}", "20.10.24", "docker build keeps the earlier mirrors", id="BuildKit before 25"),
        pytest.param("{}", "28.5.2", None, id="nothing"),
    ],
)
def test_what_is_odd_and_does_not_stop_a_change_is_a_warning(text, version, says):
    facts = host(text, engine={"info": replace(INFO, version=version)})
    warnings = list(daemon_warnings(Host.of(facts), {"registry-mirrors": ONE}, version))
    assert warnings == [] if says is None else says in warnings[0]


def test_where_the_engine_restarts_nothing_keeps_its_earlier_mirrors():
    facts = host("{}", engine={"info": replace(INFO, version="20.10.24")})
    assert list(daemon_warnings(Host.of(facts), {"registry-mirrors": ONE}, "20.10.24", restarts=True)) == []


def test_an_engine_that_hangs_is_no_engine_that_is_stopped():
    facts = host(engine={"info": None, "error": "docker info does not answer: no word within 20 s"})
    with pytest.raises(ApplyError, match=r"no word within 20 s\. Nothing was changed"):
        step(facts, registry_mirrors=ONE)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('aä\\"/', max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=2),
    max_leaves=4,
)
URLS = st.lists(
    st.sampled_from(["https://one.example", "http://two.example:5000", "https://three.example/hub"]), unique=True
)


@given(
    st.dictionaries(st.sampled_from(["labels", "x", "registry-mirrors ", "é"]), VALUES, max_size=4),
    st.none() | URLS,
    URLS.filter(bool),
    st.sampled_from([None, 0, 1, 4, "\t"]),
)
def test_clear_after_set_gives_back_an_equivalent_document(others, mirrors, wanted, indent):
    before = {**others, **({} if mirrors is None else {"registry-mirrors": mirrors})}
    text = json.dumps(before, indent=indent)
    shown = mirrors or ()
    change = step(host(text, mirrors=shown), registry_mirrors=wanted)
    set_ = change.params["text"] if change and change.params["text"] is not None else text
    assert json.loads(set_) == {**before, "registry-mirrors": wanted}
    cleared = step(host(set_, mirrors=wanted), registry_mirrors=[]).params["text"]
    assert list(json.loads(cleared).items()) == list({**before, "registry-mirrors": []}.items())
