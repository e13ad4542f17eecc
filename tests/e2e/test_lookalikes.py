"""Hosts that call themselves something else take the row that the table promises and install from the test source."""

from __future__ import annotations

import pytest

from tests.e2e.command_line import outcomes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

APT, DNF = "ubuntu-24.04-lookalike", "centos-9-lookalike"
LOOKALIKES = {
    "mint-22": (APT, "linuxmint-22", "ubuntu/dists/noble"),
    "deepin-23": (APT, "deepin-23", "debian/dists/bookworm"),
    "rocky-9": (DNF, "rocky-9", "rhel/9/"),
    "openeuler-24.03": (DNF, "openeuler-24.03", "centos/10/"),
}


@pytest.mark.parametrize("name", LOOKALIKES)
def test_a_lookalike_takes_its_row(bed, start_host, name):
    slug, row, packages = LOOKALIKES[name]
    host = start_host(slug, os_release=name)
    source = ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)
    before = len(bed.source.log())
    (answer,) = outcomes(bed, "apply", "--yes", host.target, *source).values()
    assert answer["platform"] == row
    assert answer["docker_version"].startswith("26.1.5")
    asked = "\n".join(map(str, bed.source.log()[before:]))
    assert f"/linux/{packages}" in asked
    assert host.sh("docker run --rm --help", check=False).returncode == 0
    (again,) = outcomes(bed, "apply", "--yes", host.target, *source).values()
    assert again["status"] == "converged"


def test_a_list_of_an_older_guide_does_not_stop_apt(bed, start_host):
    host = start_host(APT)
    path = "/etc/apt/sources.list.d/added-by-a-guide.list"
    host.write("/etc/apt/keyrings/docker.gpg", "not a key")
    line = f"deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.gpg] {bed.source.url}/linux/ubuntu noble stable\n"
    host.write(path, f"# docker\n{line}")
    host.write("/etc/apt/sources.list.d/mine.list", "# a stray file of mine\n")
    source = ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)
    (answer,) = outcomes(bed, "apply", "--yes", host.target, *source).values()
    assert answer["status"] == "changed"
    assert host.sh(f"test ! -e {path} && test ! -e /etc/apt/keyrings/docker.gpg", check=False).returncode == 0
    assert host.read("/etc/apt/sources.list.d/mine.list") == "# a stray file of mine\n"
    assert host.sh("apt-get update 2>&1").stdout.count("onflicting") == 0
