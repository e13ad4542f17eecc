"""Versions of packages, compared as the package managers of this machine compare them."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provisioner.catalogue.package_versions import RELATIONS, deb_order, rpm_order
from tests.machine import needs

DEB = st.from_regex(r"([0-9]:)?[0-9][0-9a-z.+~]{0,8}(-[0-9a-z.+~]{1,5})?", fullmatch=True)
RPM = st.from_regex(r"[0-9a-z][0-9a-z._~^]{0,10}", fullmatch=True)


@settings(max_examples=150)
@given(DEB, DEB)
@example("1.0~rc1-1", "1.0-1")
@example("5:18.06.0~ce~3-0~ubuntu", "5:18.06.0-1")
@example("1.0", "1.0-0")
@example("1.0a", "1.0+")
def test_deb_versions_stand_as_dpkg_has_them(one, other):
    needs("dpkg")
    said = {
        word: subprocess.run(["dpkg", "--compare-versions", one, word, other], check=False).returncode == 0
        for word in ("lt", "eq", "gt")
    }
    assert said == {"lt": deb_order(one, other) < 0, "eq": deb_order(one, other) == 0, "gt": deb_order(one, other) > 0}


@settings(max_examples=100)
@given(RPM, RPM)
@example("1.0~rc1", "1.0")
@example("1.0^git1", "1.0")
@example("1.0^git1", "1.0.1")
@example("1.0a", "1.0.1")
def test_rpm_versions_stand_as_rpm_has_them(one, other):
    needs("rpm")
    answer = subprocess.run(
        ["rpm", "--eval", f'%{{lua: print(rpm.vercmp("{one}", "{other}"))}}'],
        capture_output=True,
        text=True,
        check=True,
    )
    order = rpm_order(one, other)
    assert int(answer.stdout) == (order > 0) - (order < 0)


@pytest.mark.parametrize(
    ("one", "sign", "other"),
    [
        pytest.param("3:26.1.5-1.el9", ">=", "3:20.10", id="no-release-on-one-side"),
        pytest.param("3:26.1.5-1.el9", ">", "27.0.1-1.el9", id="epoch-first"),
        pytest.param("1.4.1-3.el9", "=", "1.4.1", id="every-release-of-it"),
        pytest.param("1.4.1-3.el9", "<", "1.4.1-4.el9", id="release"),
    ],
)
def test_whole_versions_of_rpm(one, sign, other):
    assert RELATIONS[sign](rpm_order(one, other))
