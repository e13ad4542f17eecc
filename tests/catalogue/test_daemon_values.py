"""Values that engines refuse; each row of the tables was tried on 20.10.24, 26.1.5 and 28.5.2, as far as they show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.catalogue.daemon_keys import key, release
from provisioner.catalogue.daemon_values import asked_over_https, container_problems, start_problems
from provisioner.catalogue.rows import data

OVERRIDE = {"storage-driver": "overlay2", "storage-opts": ["overlay2.override_kernel_check=true"]}
STORE = {"features": {"containerd-snapshotter": True}}


@pytest.mark.parametrize(
    ("config", "version", "says"),
    [
        pytest.param(OVERRIDE, "20.10.24", None, id="not gone yet"),
        pytest.param(OVERRIDE, "26.1.5", "overlay2.override_kernel_check in storage-opts went with Docker 24.0", id="gone"),
        pytest.param({"storage-opts": ["OVERLAY2.Override_Kernel_Check=1"]}, "28.5.2", "went with", id="in capitals"),
        pytest.param({**OVERRIDE, **STORE}, "28.5.2", None, id="containerd keeps the images"),
        pytest.param(OVERRIDE, "29.1.0", "went with", id="29 with a graph driver"),
        pytest.param({"storage-opts": OVERRIDE["storage-opts"]}, "29.1.0", None, id="29, which may use containerd"),
        pytest.param({"storage-driver": "aufs"}, "24.0.0", "aufs in storage-driver went with Docker 24.0", id="aufs"),
        pytest.param({"storage-driver": "devicemapper"}, "24.0.9", None, id="devicemapper, 24"),
        pytest.param({"storage-driver": "devicemapper"}, "25.0.0", "went with Docker 25.0", id="devicemapper, 25"),
        pytest.param({"storage-driver": "nosuch"}, "28.5.2", None, id="a name that nobody knows is the engine's to judge"),
        pytest.param({"log-opts": {"fluentd-async-connect": "true"}}, "28.0.1", "it is called fluentd-async", id="log opt"),
        pytest.param({"log-level": "warning"}, "26.1.5", "it is called warn", id="log level"),
        pytest.param({"log-level": "warning"}, "24.0.9", None, id="log level, 24"),
        pytest.param({"log-driver": "local"}, "18.06.3-ce", "came with Docker 18.09", id="not there yet"),
        pytest.param({"seccomp-profile": "builtin"}, "20.10.24", "is the name of a file", id="seccomp"),
        pytest.param({"exec-opts": ["native.cgroupdriver=foo"]}, "", "may be systemd or cgroupfs, not 'foo'", id="choice"),
        pytest.param({"exec-opts": ["native.cgroupdriver=systemd"]}, "28.5.2", None, id="a good choice"),
        pytest.param({"exec-opts": ["foo=bar"]}, "26.1.5", None, id="unknown choice, 26"),
        pytest.param({"exec-opts": ["foo=bar"]}, "28.5.2", "foo in exec-opts is none that Docker takes", id="unknown, 28"),
        pytest.param({"storage-driver": ["aufs"]}, "26.1.5", "must be a string", id="a wrong type is said once"),
        pytest.param({"storage-driver": None, "storage-opts": None}, "26.1.5", None, id="null"),
    ],
)  # fmt: skip
def test_values_that_came_and_went(config, version, says):
    found = start_problems(config, version)
    assert found == [] if says is None else (len(found), says in found[0]) == (1, True)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://a.example", None),
        ("HTTPS://A.Example/", None),
        ("https://a.example:99999", None),
        ("https://ä.example", None),
        ("https://", None),
        ("https://a.example?", None),
        ("https://a.example#", None),
        ("a.example", "has no scheme"),
        ("//a.example", "has no scheme"),
        ("", "has no scheme"),
        (" https://a.example", "has no scheme"),
        ("a.example:5000", "neither https:// nor http://"),
        ("ftp://a.example", "neither https:// nor http://"),
        ("https://u:p@a.example", "a user name or a password"),
        ("https://a.example?x=1", "a query or a fragment"),
        ("https://a.example#f", "a query or a fragment"),
        ("https://a b.example", "a space or a control character"),
        ("https://a.example:port", "no valid host and port"),
        ("https://[::1", "no valid host and port"),
        ("https://a.example/%zz", "begins no escape"),
    ],
)
def test_mirrors_that_dockerd_refuses(url, says):
    found = start_problems({"registry-mirrors": [url]}, "28.5.2")
    assert found == [] if says is None else says in found[0]


@pytest.mark.parametrize(
    ("registry", "says"),
    [
        ("10.20.0.5/16", None),
        ("http://192.168.8.197:5000", None),
        ("[fd00::1]:5000", None),
        ("fd00::5/64", None),
        ("localhost", None),
        ("10.0.0.0/255.0.0.0", "neither HOST"),
        ("reg.example/path", "neither HOST"),
        ("010.0.0.0/8", "no network"),
        ("reg.example:", "neither HOST"),
        ("reg.example:99999", "a port that is no port"),
        ("my_reg:5000", "neither HOST"),
        ("-x", "neither HOST"),
        ("a b", "neither HOST"),
        ("", "neither HOST"),
        ("ftp://reg.example", "a scheme"),
    ],
)
def test_insecure_registries_that_dockerd_refuses(registry, says):
    found = start_problems({"insecure-registries": [registry]}, "20.10.24")
    assert found == [] if says is None else says in found[0]


def test_engines_that_start_and_run_no_container():
    config = {"log-driver": "logentries", "default-runtime": "io.containerd.runtime.v1.linux"}
    assert start_problems(config, "28.5.2") == []
    assert [line.partition(" in ")[0] for line in container_problems(config, "28.5.2")] == [
        "logentries",
        "io.containerd.runtime.v1.linux",
    ]
    assert container_problems(config, "20.10.24") == []


@pytest.mark.parametrize(
    ("version", "insecure", "asked"),
    [("26.1.5", [], ["http://a:5000"]), ("26.1.5", ["a:5000"], []), ("28.0.0", [], []), ("", [], [])],
)
def test_http_mirrors_that_the_containerd_store_asks_over_https(version, insecure, asked):
    assert asked_over_https(["http://a:5000", "https://b", 5], insecure, version) == asked


@pytest.mark.parametrize("row", data("daemon_keys")["value"], ids=lambda row: f"{row['key']}={row['value']}")
def test_every_row_is_complete(row):
    assert key(row["key"])
    assert "since" in row or "until" in row
    assert row["source"]
    assert all(release(row[name]) for name in ("since", "until") if name in row)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([*data("daemon_keys")["keys"], *data("daemon_keys")["ignored"], "nope", ""])


@given(
    st.dictionaries(KEYS, JSON, max_size=4), st.sampled_from(["", "18.06.3-ce", "20.10.24", "26.1.5", "29.7.2", "40"])
)
def test_any_value_is_judged_without_an_accident(config, version):
    assert all(
        isinstance(line, str) for line in [*start_problems(config, version), *container_problems(config, version)]
    )
