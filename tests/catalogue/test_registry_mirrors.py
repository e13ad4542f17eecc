"""The list of public mirrors."""

from __future__ import annotations

import re
from datetime import date

import pytest

from provisioner.catalogue.registry_mirrors import alive_mirrors, known_mirror, known_mirrors, mirror_warnings
from provisioner.facts.host import Host
from provisioner.planner.planner import plan
from provisioner.wanted.spec import Spec
from provisioner.wanted.values import registry_mirror
from tests.hosts import RUNNING


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
    warnings = list(mirror_warnings([url]))
    assert warnings == [] if says is None else says in warnings[0]


def test_a_mirror_that_is_known_to_be_dead_is_a_warning_of_the_plan_and_no_refusal():
    planned = plan("h", Host.of(RUNNING), (), Spec(registry_mirrors=["https://registry.docker-cn.com"], install=False))
    assert planned.steps
    assert "https://registry.docker-cn.com is known: dead since 2019" in planned.warnings[0]


def test_personal_accelerators_are_explained():
    assert known_mirror("https://x.mirror.aliyuncs.com").operator == "Alibaba Cloud"
    assert "403" in known_mirror("https://x.mirror.aliyuncs.com").explained
