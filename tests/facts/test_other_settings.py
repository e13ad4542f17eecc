"""Settings of a package manager with which it would install nothing."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from provisioner.facts.frames import frames
from provisioner.facts.host import Host
from provisioner.facts.other_settings import other_settings
from provisioner.facts.package_state import PackageState
from provisioner.preflight import blocking_error, check
from provisioner.scripts.render import template_text
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, RUNNING
from tests.scripts.shells import SHELLS

MATTER = [
    'APT::Get::Download-Only "true";',
    'APT::Get::Simulate "1";',
    'apt::get::Just-Print "yes";',
    'APT::Get::Download "false";',
    'Dir::Etc::sourceparts "/etc/apt/vendor.d";',
    'Dir::Etc::sourceparts "-";',
    "assumeno=True",
    "cacheonly=1",
    "tsflags=nodocs,test",
    "reposdir=/etc/corp.repos.d",
]
FINE = [
    'APT::Get::Download-Only "false";',
    'APT::Get::Simulate "0";',
    'APT::Get::Download "true";',
    'Dir::Etc::sourceparts "sources.list.d";',
    'Dir::Etc::sourceparts "/etc/apt/sources.list.d/";',
    "assumeno=0",
    "tsflags=nodocs",
    "reposdir=/etc/yum.repos.d/, /etc/corp.repos.d",
    "",
]


@pytest.mark.parametrize("line", MATTER)
def test_what_keeps_packages_out_is_told_as_it_is_written_and_stops_an_installation(line):
    ((setting, effect),) = other_settings(line)
    assert (setting, bool(effect)) == (line, True)
    state = PackageState(other_settings=((setting, effect),))
    error = blocking_error(check(Host.of(replace(BARE, package_state=state)), Spec(), installs=True))
    assert error is not None
    assert f"{line}: {effect}" in error.message
    assert "take it out: grep " in error.hint
    running = Host.of(replace(RUNNING, package_state=state))
    assert blocking_error(check(running, Spec(), installs=False)) is None


@pytest.mark.parametrize("line", FINE)
def test_what_changes_nothing_is_not_told(line):
    assert other_settings(line) == ()


@pytest.mark.parametrize("shell", SHELLS)
def test_dnf_is_read_in_its_main_section_alone(shell, tmp_path):
    (tmp_path / "dnf").mkdir()
    (tmp_path / "dnf" / "dnf.conf").write_text("[main]\nassumeno = 1\npassword=secret\n[other]\ncacheonly=1\n")
    text = template_text("facts.sh")
    functions = text.split("{%")[0].split("operating_system() {")[0]
    function = "other_settings() {" + text.partition("\nother_settings() {")[2].partition("\n}\n")[0] + "\n}\n"
    script = f"{functions}\nmanager=dnf\n{function.replace('/etc/', f'{tmp_path}/')}other_settings\nprintf '\\n@@n done 0\\n'\n"
    done = subprocess.run([*SHELLS[shell], "-s", "n"], input=script, capture_output=True, text=True, check=True)
    (frame,) = frames(done.stdout, "n")
    assert (frame.name, frame.body.split()) == ("other-settings", ["assumeno=1"])
