"""What the engine makes of values: equal in meaning is equal. The pairs were seen on 20.10.24, 26.1.5 and 28.5.2."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.facts.daemon_live import SHOWN, fragments, info_template, live_value, shows
from provisioner.facts.host import Host
from provisioner.facts.normal_form import normal, same
from provisioner.host_files.host_file import HostFile
from provisioner.planner.daemon_config import daemon_step
from tests.hosts import INFO, RUNNING

MIRRORS, INSECURE = "registry-mirrors", "insecure-registries"


@pytest.mark.parametrize(
    ("name", "written", "kept"),
    [
        (MIRRORS, ["https://a.example", "https://a.example/"], ["https://a.example"]),
        (MIRRORS, ["https://b/", "https://a", "https://b"], ["https://b", "https://a"]),
        (MIRRORS, ["HTTPS://A.Example", "https://a.example"], ["HTTPS://A.Example", "https://a.example"]),
        (INSECURE, ["http://192.168.8.197:5000"], ["192.168.8.197:5000"]),
        (INSECURE, ["HTTPS://Reg.Example:5000", "reg.example:5000"], ["Reg.Example:5000", "reg.example:5000"]),
        (INSECURE, ["10.20.0.5/16", "10.20.0.0/16", "127.0.0.0/8"], ["10.20.0.0/16"]),
        (INSECURE, ["fd00::5/64", "FD00:0::/64", "::1/128"], ["fd00::/64"]),
        (INSECURE, ["docker.io", "index.docker.io"], ["index.docker.io"]),
        (INSECURE, ["localhost:5000", "[fd00::1]:5000"], ["[fd00::1]:5000", "localhost:5000"]),
        (INSECURE, ["10.0.0.0/255.0.0.0", "reg.example/9"], ["10.0.0.0/255.0.0.0", "reg.example/9"]),
        ("labels", ["b=1", "a=2", "b=1"], ["a=2", "b=1"]),
        ("default-shm-size", "64M", "67108864b"),
        ("default-shm-size", "64mb", "67108864b"),
        ("default-shm-size", "1.5g", "1610612736b"),
        ("default-shm-size", "1048576", "1048576b"),
        ("default-shm-size", "much", "much"),
        (MIRRORS, "https://a/", "https://a/"),
        (INSECURE, [1, None], [1, None]),
        ("labels", {"a": 1}, {"a": 1}),
        ("debug", 1, 1),
    ],
)
def test_the_form_that_the_engine_keeps(name, written, kept):
    assert normal(name, written) == kept
    assert same(name, written, kept)


def test_truth_is_not_one_and_members_of_an_object_have_no_order():
    assert not same("debug", json.loads("true"), 1)
    assert same("log-opts", {"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    assert not same("dns", ["a", "b"], ["b", "a"])


NETWORKS = st.builds(lambda address, bits: f"{address}/{bits}", st.ip_addresses(v=4), st.integers(0, 32)) | st.builds(
    lambda address, bits: f"{address}/{bits}", st.ip_addresses(v=6), st.integers(0, 128)
)
REGISTRIES = st.builds(
    str.__add__,
    st.sampled_from(["", "http://", "https://", "HTTP://"]),
    NETWORKS
    | st.sampled_from(["r.example", "R.example:5000", "localhost:5000", "127.0.0.0/8", "::1/128", "docker.io"]),
)
MIRROR = st.sampled_from(["https://a.example", "https://a.example/", "http://b:5000", "https://c/hub/"])
LABELS = st.lists(st.text('ab=<é"\\', min_size=1, max_size=4).map(lambda text: f"{text}=x"), max_size=4, unique=True)
CONFIGURATION = st.fixed_dictionaries(
    {},
    optional={
        MIRRORS: st.lists(MIRROR, max_size=4),
        INSECURE: st.lists(REGISTRIES, max_size=5),
        "labels": LABELS,
        "debug": st.booleans(),
        "live-restore": st.booleans(),
        "log-driver": st.sampled_from(["json-file", "local", ""]),
        "storage-driver": st.sampled_from(["overlay2", ""]),
        "default-runtime": st.sampled_from(["runc", "io.containerd.runc.v2", ""]),
    },
)


def engine_with(configuration, order):
    """What an engine that started with `configuration` shows, by moby's own rules."""
    bare = [text.partition("://")[2] or text for text in configuration.get(INSECURE, [])]
    networks = {str(ipaddress.ip_network(text, strict=False)) for text in bare if text[-4:].count("/")}
    hosts = {text for text in bare if not text[-4:].count("/") and text != "docker.io"}
    urls = dict.fromkeys(url.removesuffix("/") + "/" for url in configuration.get(MIRRORS, []))
    raw = {
        "Labels": order(sorted(set(configuration.get("labels", [])))),
        "Debug": configuration.get("debug", False),
        "LiveRestoreEnabled": configuration.get("live-restore", False),
        "LoggingDriver": configuration.get("log-driver") or "json-file",
        "Driver": configuration.get("storage-driver") or "overlay2",
        "DefaultRuntime": configuration.get("default-runtime") or "runc",
    }
    return replace(
        INFO,
        mirrors=tuple(url.rstrip("/") for url in urls),
        insecure_registries=tuple(sorted([*hosts, *(networks - {"127.0.0.0/8", "::1/128"})])),
        raw=raw,
    )


@given(CONFIGURATION, st.randoms(use_true_random=False))
def test_applying_what_the_engine_shows_changes_nothing(configuration, random):
    def order(labels):
        random.shuffle(labels)
        return labels

    info = engine_with(configuration, order)
    assert all(shows(info, key, value) for key, value in configuration.items())
    file = HostFile("/etc/docker/daemon.json", json.dumps(configuration))
    facts = replace(RUNNING, daemon_json=file, engine=replace(RUNNING.engine, info=info))
    shown = {key: live_value(info, key) for key in SHOWN if key in configuration and configuration[key] != ""}
    assert daemon_step(Host.of(facts), shown, installs=False)[0] is None
    assert daemon_step(Host.of(facts), configuration, installs=False)[0] is None


@given(CONFIGURATION)
def test_what_an_engine_shows_without_being_told_is_as_wanted_too(configuration):
    info = engine_with(configuration, list)
    file = HostFile("/etc/docker/daemon.json", json.dumps(configuration))
    host = Host.of(replace(RUNNING, daemon_json=file, engine=replace(RUNNING.engine, info=info)))
    shown = {key: live_value(info, key) for key in SHOWN}
    assert set(shown) == set(SHOWN)
    assert daemon_step(host, shown, installs=False)[0] is None


@pytest.mark.parametrize(
    ("shows_it", "wanted", "title"),
    [
        ({MIRRORS: ["https://a"]}, {MIRRORS: ["https://a"]}, "set registry-mirrors"),
        ({"labels": ["a=1"]}, {"labels": ["a=1"]}, "set labels"),
        ({"live-restore": True}, {"live-restore": True}, "set live-restore"),
        ({"log-driver": "local"}, {"log-driver": "local"}, "set log-driver"),
        ({"storage-driver": "vfs"}, {"storage-driver": "vfs"}, "set storage-driver"),
        ({}, {"debug": True}, "set debug"),
    ],
)
def test_what_the_next_start_would_not_have_is_written(shows_it, wanted, title):
    facts = replace(RUNNING, daemon_json=None, engine=replace(RUNNING.engine, info=engine_with(shows_it, list)))
    step, _ = daemon_step(Host.of(facts), wanted, installs=False)
    assert step.title == title


def test_another_engine_may_choose_otherwise_by_default():
    facts = replace(RUNNING, daemon_json=None, engine=replace(RUNNING.engine, info=engine_with({}, list)))
    step, _ = daemon_step(Host.of(facts), {"storage-driver": "overlay2"}, installs=True)
    assert step.title == "set storage-driver"


@given(st.lists(REGISTRIES, max_size=5), st.randoms(use_true_random=False))
def test_order_scheme_host_bits_and_doubles_of_insecure_registries_say_nothing(registries, random):
    again = [*registries, *random.sample(registries, random.randint(0, len(registries)))]
    random.shuffle(again)
    bare = [text.partition("://")[2] or text for text in again]
    assert same(INSECURE, registries, [random.choice(["", "http://", "HTTPS://"]) + text for text in bare])
    assert normal(INSECURE, normal(INSECURE, registries)) == normal(INSECURE, registries)


@given(st.lists(MIRROR, max_size=5, unique=True))
def test_the_order_and_the_text_of_mirrors_count_and_doubles_do_not(urls):
    bare = normal(MIRRORS, urls)
    assert same(MIRRORS, urls, [f"{url}/" for url in [*bare, *bare]])
    assert len(bare) < 2 or not same(MIRRORS, urls, bare[::-1])  # one has no order
    assert all(not same(MIRRORS, [url], [url.upper()]) and not same(MIRRORS, [url], [f"{url}:5001"]) for url in bare)


@given(LABELS, st.lists(REGISTRIES, max_size=3))
def test_a_question_quotes_what_it_asks_for(labels, registries):
    template, printed = info_template({"labels": labels, INSECURE: registries})
    assert "\n" not in template + printed
    assert template.count("{{end}}") == template.count("{{if") + template.count("{{range")
    assert len(fragments({"labels": labels})) == 1 + len(labels)
