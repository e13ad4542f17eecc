"""The list of public mirrors."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from provisioner.catalogue.registry_mirrors import (
    alive_mirrors,
    known_mirror,
    known_mirrors,
    mirror_warnings,
    placeholder,
    row_warnings,
    without_scheme,
)
from provisioner.facts.host import Host
from provisioner.planner.planner import plan
from provisioner.wanted.spec import Spec
from provisioner.wanted.values import registry_mirror
from tests.hosts import INFO, RUNNING


@pytest.mark.parametrize("row", known_mirrors(), ids=lambda row: row.url)
def test_every_row_is_complete_and_dated(row):
    assert row.state in {"alive", "restricted", "dead"}
    assert row.restriction in {"", "intranet", "account", "cloud", "region", "allow-list"}
    assert (row.state == "restricted") <= bool(row.restriction)
    assert date.fromisoformat(row.date) >= date(2024, 6, 1)
    assert re.fullmatch(r"|\d{4}(-\d\d){0,2}", row.since)
    assert row.source
    assert row.note
    assert registry_mirror(row.url.replace("<id>", "abc")) == row.url.replace("<id>", "abc")


def test_no_mirror_has_two_rows():
    urls = [row.url for row in known_mirrors()]
    assert sorted(set(urls)) == sorted(urls)


def test_those_that_work_come_first():
    states = [row.state for row in known_mirrors()]
    assert states == sorted(states, key=["alive", "restricted", "dead"].index)
    assert alive_mirrors()[0] == "https://docker.m.daocloud.io"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://abc123.mirror.aliyuncs.com", "from its own cloud only since 2024-07-02"),
        ("http://registry.docker-cn.com:80/", "dead since 2019"),
        ("https://docker.m.daocloud.io", "only images on its allow-list"),
        ("https://docker.1ms.run", None),
        ("https://mirror.example", None),
        ("https://mirror.aliyuncs.com.example", None),
    ],
)
def test_what_is_known_against_a_mirror(url, says):
    warnings = list(row_warnings([url]))
    assert warnings == [] if says is None else says in warnings[0]


def test_a_mirror_that_is_known_to_be_dead_is_a_warning_of_the_plan_and_no_refusal():
    planned = plan("h", Host.of(RUNNING), (), Spec(registry_mirrors=["https://registry.docker-cn.com"], install=False))
    assert planned.steps
    assert "https://registry.docker-cn.com is known: dead since 2019" in planned.warnings[0]


def test_personal_accelerators_are_explained():
    assert known_mirror("https://x.mirror.aliyuncs.com").operator == "Alibaba Cloud"
    assert "403" in known_mirror("https://x.mirror.aliyuncs.com").explained


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://<id>.mirror.aliyuncs.com", "'<id>' stands for something of your own"),
        ("https://id.mirror.aliyuncs.com", "'id' stands for"),
        ("https://xxxx.mirror.aliyuncs.com", "'xxxx' stands for"),
        ("https://XXXXXXXX.mirror.swr.myhuaweicloud.com", "'xxxxxxxx' stands for"),
        ("https://your-id.mirror.aliyuncs.com/", "'your-id' stands for"),
        ("https://yourid.mirror.swr.myhuaweicloud.com", "'yourid' stands for"),
        ("https://your_mirror:5000", "'your_mirror' stands for"),
        ("https://your-registry-mirror.com", "'your-registry-mirror' stands for"),
        ("https://****.mirror.aliyuncs.com", "'****' stands for"),
        ("http://mirror.example.com:5000/hub", "'example.com' stands for a domain of your own"),
        ("https://hub.example", "'example' stands for"),
        ("https://example.org", "'example.org' stands for"),
        ("https://mirror.invalid", "'invalid' stands for"),
        ("https://abc123.mirror.aliyuncs.com", ""),
        ("https://id.corp.internal", ""),
        ("https://docker.m.daocloud.io", ""),
        ("https://myexample.com", ""),
        ("https://example.com.cn", ""),
        ("https://xx.corp", ""),
        ("http://172.17.0.1:5000", ""),
        ("http://[::1]:5000", ""),
        ("nothing", ""),
    ],
)
def test_placeholders_of_instructions(url, says):
    assert placeholder(url) == "" if not says else placeholder(url).startswith(says)


def test_a_placeholder_is_told_once_and_before_what_is_known():
    (said,) = mirror_warnings(["https://xxxx.mirror.aliyuncs.com"])
    assert said.startswith("https://xxxx.mirror.aliyuncs.com is a placeholder: 'xxxx' stands for")
    dead, restricted = mirror_warnings(
        ["https://registry.docker-cn.com", "https://1ms.corp", "https://a1b2.mirror.aliyuncs.com"]
    )
    assert "dead since 2019" in dead
    assert "from its own cloud only" in restricted


@pytest.mark.parametrize("row", known_mirrors(), ids=lambda row: row.url)
def test_no_known_mirror_is_taken_for_a_placeholder(row):
    assert "the operator's console" not in placeholder(row.url.replace("<id>", "a1b2c3d4"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["docker.m.daocloud.io"], "docker.m.daocloud.io"),
        (["https://m.corp", "docker.m.daocloud.io"], "docker.m.daocloud.io"),
        (["docker.m.daocloud.io/", "web01"], "docker.m.daocloud.io/"),
        (["registry.docker-cn.com:443", "web01"], "registry.docker-cn.com:443"),
        (["a1b2.mirror.aliyuncs.com"], "a1b2.mirror.aliyuncs.com"),
        (["mirror.corp.internal", "web01"], "mirror.corp.internal"),
        (["hub-mirror.corp.internal:5000", "web01"], "hub-mirror.corp.internal:5000"),
        (["docker.corp.internal", "https://m.corp", "web01"], "docker.corp.internal"),
        (["https://m.corp", "mirror.corp.internal"], ""),
        (["https://m.corp", "docker01.corp.internal", "registry.corp.internal"], ""),
        (["root@mirror.corp.internal"], ""),
        (["mirror.corp.internal:22"], ""),
        (["web01", "db.corp.internal", "10.0.0.1"], ""),
        (["ghcr.io=https://m.corp", "web01"], ""),
        (["mirror", "docker"], ""),
        ([], ""),
    ],
)
def test_a_mirror_without_https_is_not_a_host_to_log_in_to(words, found):
    assert without_scheme(words) == found


def test_a_host_of_the_inventory_is_one_whatever_it_is_called():
    assert without_scheme(["mirror.corp.internal"], targets={"mirror.corp.internal"}) == ""


def test_a_placeholder_is_a_warning_of_the_plan_for_every_registry():
    wanted = {"ghcr.io": ["https://xxxx.corp"]}
    spec = Spec(registry_mirrors=["https://your-id.mirror.aliyuncs.com"], other_registry_mirrors=wanted, install=False)
    store = replace(INFO, version="28.5.2", containerd_store=True)
    planned = plan("h", Host.of(replace(RUNNING, engine=replace(RUNNING.engine, info=store))), (), spec)
    assert [warning.partition(":")[2].split()[0] for warning in planned.warnings if "placeholder" in warning] == [
        "//your-id.mirror.aliyuncs.com",
        "//xxxx.corp",
    ]
