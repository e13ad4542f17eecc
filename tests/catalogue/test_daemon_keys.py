"""The table of daemon.json's keys, and what it says of a configuration."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.daemon_keys import (
    default_of,
    flag_of,
    ignored,
    key,
    key_problems,
    release,
    reload_exceptions,
    reloadable,
    unknown,
)
from provisioner.catalogue.rows import data

NAMES = tuple(data("daemon_keys")["keys"])
SAMPLES = {
    "string": "x",
    "size": "64M",
    "boolean": True,
    "integer": 3,
    "strings": ["x"],
    "string-map": {"x": "y"},
    "boolean-map": {"x": True},
    "object-map": {"x": {}},
    "maps": {"x": {"y": "z"}},
    "objects": [{}],
    "object": {"x": 1},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_complete(name):
    row = key(name)
    assert row.type in SAMPLES
    assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
    assert not row.until or row.until > row.since
    assert not row.reload or row.reload >= row.since
    assert key_problems({name: None}, "") == []


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("20.10.24+dfsg1", (20, 10, 24)), ("5:28.3.1-1~debian.12~bookworm", (28, 3, 1)), ("29", (29, 0, 0)), ("", ())],
)
def test_versions_as_engines_and_packages_write_them(version, numbers):
    assert release(version) == numbers


@pytest.mark.parametrize(
    ("config", "version", "says"),
    [
        pytest.param({"registry-mirrors": ["https://a/"]}, "18.06.3-ce", None, id="mirrors"),
        pytest.param({"proxies": {"http-proxy": "http://p"}}, "20.10.24+dfsg1", "came with Docker 23.0", id="too new"),
        pytest.param({"proxies": {"http-proxy": "http://p"}}, "23.0.0", None, id="new enough"),
        pytest.param({"proxies": {"htp-proxy": "http://p"}}, "23.0.0", "htp-proxy is none of them", id="inner name"),
        pytest.param({"graph": "/srv"}, "20.10.24", None, id="not gone yet"),
        pytest.param({"graph": "/srv"}, "23.0.6", "it is called data-root", id="gone"),
        pytest.param({"storage-drivr": "x"}, "28.5.2", "did you mean storage-driver?", id="misspelt"),
        pytest.param({"zzz": 1}, "28.5.2", "zzz is no key of daemon.json", id="unknown"),
        pytest.param({"zzz": 1}, "31.0.0", None, id="an engine newer than the table may know it"),
        pytest.param({"graph": "/srv"}, "31.0.0", "went with Docker 23.0", id="gone stays gone"),
        pytest.param({"min-api-version": "1.40"}, "", None, id="version not known"),
        pytest.param({"labels": "a=b"}, "", 'must be a list of strings, not a string: write ["a=b"]', id="string"),
        pytest.param({"log-opts": {"max-file": 3}}, "", 'write "max-file": "3"', id="number in log-opts"),
        pytest.param({"log-opts": {"compress": True}}, "", 'write "compress": "true"', id="boolean in log-opts"),
        pytest.param({"debug": "true"}, "", "debug must be true or false, not a string", id="quoted boolean"),
        pytest.param({"debug": 1}, "", "must be true or false, not a number", id="1 is not true"),
        pytest.param({"mtu": True}, "", "must be a whole number, not a boolean", id="true is not 1"),
        pytest.param({"mtu": 1500.0}, "", "must be a whole number", id="fraction"),
        pytest.param({"max-concurrent-downloads": -1}, "", "must not be negative", id="negative"),
        pytest.param({"default-shm-size": 64}, "", "a size in quotes", id="size as a number"),
        pytest.param({"runtimes": {"a": "x"}}, "", "an object of objects, not an object of strings", id="runtimes"),
        pytest.param({"default-network-opts": {"bridge": {"mtu": 9}}}, "", "objects of strings", id="maps"),
        pytest.param(
            {"registry-mirrors": ["https://a/b"]}, "24.0.7", "has a path; Docker takes one", id="path, 24.0.7"
        ),
        pytest.param({"registry-mirrors": ["https://a/b"]}, "24.0.8", None, id="path, 24.0.8"),
        pytest.param({"registry-mirrors": ["https://a/b"]}, "23.0.18", "has a path", id="path, 23.0.18"),
        pytest.param({"registry-mirrors": ["https://a/"]}, "17.03.2-ce", "has a path", id="slash, 17.03"),
        pytest.param({"registry-mirrors": ["https://a/b"]}, "", None, id="path, version not known"),
        pytest.param({"registry-mirror": ["https://a"]}, "28.5.2", None, id="accepted, without effect"),
    ],
)
def test_what_an_engine_refuses(config, version, says):
    found = key_problems(config, version)
    assert found == [] if says is None else says in found[0]


@pytest.mark.parametrize(
    ("name", "version", "why"),
    [
        ("registry-mirror", "20.10.24", "it is called registry-mirrors"),
        ("http-proxy", "28.5.2", "belongs into the object proxies"),
        ("http-proxy", "20.10.24", None),
        ("feature", "26.1.5", None),
        ("feature", "28.5.2", "it is called features"),
        ("debug", "28.5.2", None),
    ],
)
def test_names_that_dockerd_accepts_and_ignores(name, version, why):
    found = ignored([name], version)
    assert found == {} if why is None else why in found[name]
    assert (name in unknown([name], version)) == (why is None and name != "debug")


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("registry-mirrors", "--registry-mirror"),
        ("runtimes", "--add-runtime"),
        ("hosts", "--host"),
        ("debug", "--debug"),
        ("builder", ""),
        ("nope", ""),
    ],
)
def test_the_option_that_says_the_same(name, flag):
    assert flag_of(name) == flag


@pytest.mark.parametrize(
    ("name", "version", "by_reload"),
    [
        ("registry-mirrors", "18.06.3-ce", True),
        ("registry-mirrors", "17.03.2-ce", False),
        ("max-download-attempts", "20.10.24", True),
        ("storage-driver", "29.7.2", False),
        ("log-opts", "29.7.2", False),
        ("features", "29.7.2", False),
        ("nope", "29.7.2", False),
    ],
)
def test_what_a_reload_brings_into_force(name, version, by_reload):
    assert reloadable(name, version) == by_reload


@pytest.mark.parametrize(
    ("version", "keys"),
    [
        ("19.03.15", []),
        ("20.10.24+dfsg1", ["registry-mirrors"]),
        ("23.0.6", ["insecure-registries", "registry-mirrors"]),
        ("23.0.7", ["registry-mirrors"]),
        ("24.0.0", ["insecure-registries", "registry-mirrors"]),
        ("24.0.9", ["registry-mirrors"]),
        ("25.0.0", []),
        ("", []),
    ],
)
def test_what_a_reload_does_wrong(version, keys):
    assert [row.key for row in reload_exceptions(version)] == keys


def test_a_reload_is_told_the_default():
    assert (default_of("registry-mirrors"), default_of("debug"), default_of("shutdown-timeout")) == ([], False, 15)
