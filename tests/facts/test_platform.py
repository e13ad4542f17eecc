"""os-release -> row, for every row. The files in platforms/ hold the lines that identify a release, as it ships them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.catalogue.platforms import derivatives, platforms
from provisioner.facts.model import OperatingSystem
from provisioner.facts.platform import platform_of
from tests.hosts import SAMPLES, sample

ROWS = {
    # sample: (row, package manager, packages in the order they are tried)
    "debian-7": ("debian-7", "apt", "debian/wheezy"),
    "debian-8": ("debian-8", "apt", "debian/jessie"),
    "debian-9": ("debian-9", "apt", "debian/stretch"),
    "debian-10": ("debian-10", "apt", "debian/buster"),
    "debian-11": ("debian-11", "apt", "debian/bullseye"),
    "debian-12": ("debian-12", "apt", "debian/bookworm"),
    "debian-13": ("debian-13", "apt", "debian/trixie debian/bookworm"),
    "debian-forky": ("debian-forky", "apt", ""),
    "debian-trixie-unreleased": ("debian-13", "apt", "debian/trixie debian/bookworm"),
    "raspbian-10": ("raspbian-10", "apt", "raspbian/buster"),
    "raspbian-12": ("raspbian-12", "apt", "raspbian/bookworm"),
    "raspbian-13": ("raspbian-13", "apt", "debian/trixie debian/bookworm"),
    "ubuntu-14.04": ("ubuntu-14.04", "apt", "ubuntu/trusty"),
    "ubuntu-16.04": ("ubuntu-16.04", "apt", "ubuntu/xenial"),
    "ubuntu-18.04": ("ubuntu-18.04", "apt", "ubuntu/bionic"),
    "ubuntu-20.04": ("ubuntu-20.04", "apt", "ubuntu/focal"),
    "ubuntu-22.04": ("ubuntu-22.04", "apt", "ubuntu/jammy"),
    "ubuntu-kylin-22.04": ("ubuntu-22.04", "apt", "ubuntu/jammy"),
    "ubuntu-24.04": ("ubuntu-24.04", "apt", "ubuntu/noble ubuntu/jammy"),
    "ubuntu-26.04": ("ubuntu-26.04", "apt", "ubuntu/resolute ubuntu/noble ubuntu/jammy"),
    "centos-7": ("centos-7", "yum", "centos/7"),
    "centos-8": ("centos-8", "dnf", "centos/8"),
    "centos-9": ("centos-9", "dnf", "centos/9"),
    "centos-10": ("centos-10", "dnf", "centos/10"),
    "rhel-7.5": ("rhel-7", "yum", "centos/7"),
    "rhel-8.10": ("rhel-8", "dnf", "rhel/8 centos/8"),
    "rhel-9.6": ("rhel-9", "dnf", "rhel/9 centos/9"),
    "rhel-10.0": ("rhel-10", "dnf", "rhel/10 centos/10"),
    "rocky-8.10": ("rocky-8", "dnf", "rhel/8 centos/8"),
    "rocky-9.5": ("rocky-9", "dnf", "rhel/9 centos/9"),
    "rocky-10.0": ("rocky-10", "dnf", "rhel/10 centos/10"),
    "almalinux-8.10": ("almalinux-8", "dnf", "rhel/8 centos/8"),
    "almalinux-9.6": ("almalinux-9", "dnf", "rhel/9 centos/9"),
    "almalinux-10.0": ("almalinux-10", "dnf", "rhel/10 centos/10"),
    "ol-7.9": ("ol-7", "yum", "centos/7"),
    "ol-8.9": ("ol-8", "dnf", "rhel/8 centos/8"),
    "ol-9.5": ("ol-9", "dnf", "rhel/9 centos/9"),
    "fedora-40": ("fedora-40", "dnf", "fedora/40"),
    "fedora-43": ("fedora-43", "dnf5", "fedora/43"),
    "amzn-2": ("amzn-2", "yum", ""),
    "amzn-2023": ("amzn-2023", "dnf", ""),
    "openeuler-20.03": ("openeuler-20.03", "dnf", "rhel/8 centos/8"),
    "openeuler-22.03": ("openeuler-22.03", "dnf", "rhel/8 centos/8"),
    "openeuler-24.03": ("openeuler-24.03", "dnf", "centos/10 rhel/10 centos/9"),
    "anolis-7.9": ("anolis-7", "yum", "centos/7"),
    "anolis-8.8": ("anolis-8", "dnf", "rhel/8 centos/8"),
    "anolis-23": ("anolis-23", "dnf", "centos/9 rhel/9"),
    "alinux-3": ("alinux-3", "dnf", "rhel/8 centos/8"),
    "tencentos-2.4": ("tencentos-2", "yum", "centos/7"),
    "tencentos-3.3": ("tencentos-3", "dnf", "rhel/8 centos/8"),
    "tencentos-4.2": ("tencentos-4", "dnf", "centos/9 rhel/9"),
    "opencloudos-8.6": ("opencloudos-8", "dnf", "rhel/8 centos/8"),
    "opencloudos-9.0": ("opencloudos-9", "dnf", "centos/9 rhel/9"),
    "opencloudos-23": ("opencloudos-23", "dnf", "centos/9 rhel/9"),
    "kylin-V10": ("kylin-V10", "dnf", "rhel/8 centos/8"),
    "hce-2.0": ("hce-2", "dnf", "centos/9 rhel/9"),
    "uos-20": ("uos-20", "apt", "debian/buster"),
    "deepin-20.9": ("deepin-20", "apt", "debian/buster"),
    "deepin-23": ("deepin-23", "apt", "debian/bookworm"),
    "openkylin-2.0": ("openkylin", "apt", "debian/trixie debian/bookworm"),
    "kali-2025.4": ("kali", "apt", "debian/trixie debian/bookworm"),
    "devuan-5": ("devuan-5", "apt", "debian/bookworm"),
    "linuxmint-19.3": ("linuxmint-19.3", "apt", "ubuntu/bionic"),
    "linuxmint-22": ("linuxmint-22", "apt", "ubuntu/noble ubuntu/jammy"),
    "lmde-6": ("linuxmint-6", "apt", "debian/bookworm"),
    "pop-22.04": ("pop-22.04", "apt", "ubuntu/jammy"),
    "zorin-17": ("zorin-17", "apt", "ubuntu/jammy"),
    "elementary-7": ("elementary-7", "apt", "ubuntu/jammy"),
    "neon-22.04": ("neon-22.04", "apt", "ubuntu/jammy"),
}
TAKEN_AS = {
    "puppy-10.0.8": (
        "debian-12",
        "apt",
        "Debian 12 bookworm because VERSION_CODENAME=bookworm, though VERSION_ID=10.0.8",
    ),
    "puppy-23.12": (
        "debian-12",
        "apt",
        "Debian 12 bookworm because VERSION_CODENAME=bookworm, though VERSION_ID=23.12",
    ),
    "bigcloud-21.10": ("rhel-8", "dnf", "RHEL 8 because ID_LIKE=rhel fedora, PLATFORM_ID=platform:el8"),
    "xcp-ng-8.2.1": ("rhel-8", "yum", "RHEL 8 because ID_LIKE=centos rhel fedora, VERSION_ID=8.2.1"),
    "ubuntu-25.10": ("ubuntu-24.04", "apt", "Ubuntu 24.04 noble because 25.10 is not in the table"),
    "fedora-45": ("fedora-44", "dnf5", "Fedora 44 because 45 is not in the table"),
    "trisquel-11.0": ("ubuntu-22.04", "apt", "Ubuntu 22.04 jammy because ID_LIKE=debian, UBUNTU_CODENAME=jammy"),
    "miraclelinux-9.4": ("rhel-9", "dnf", "RHEL 9 because ID_LIKE=rhel fedora, VERSION_ID=9.4"),
    "nobara-43": ("fedora-43", "dnf5", "Fedora 43 because ID_LIKE=rhel centos fedora, VERSION_ID=43"),
}
UNKNOWN = ("pureos-10.0", "parrot-5.3")


@pytest.mark.parametrize("name", ROWS)
def test_a_release_of_the_table_gets_its_row_without_a_warning(name):
    slug, manager, suites = ROWS[name]
    match = platform_of(sample(name), manager)
    assert (match.platform.slug, " ".join(map(str, match.platform.suites)), match.notice) == (slug, suites, "")


@pytest.mark.parametrize("name", TAKEN_AS)
def test_another_release_is_taken_as_a_known_one_and_the_notice_says_why(name):
    slug, manager, notice = TAKEN_AS[name]
    match = platform_of(sample(name), manager)
    assert match.platform.slug == slug
    assert f"is taken as {notice}" in match.notice


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_gives_no_hint_gets_no_platform(name):
    assert platform_of(sample(name), "apt") is None


@pytest.mark.parametrize(
    ("name", "base", "slug"),
    [("xcp-ng-8.2.1", "el7", "rhel-7"), ("nobara-43", "f43", "fedora-43"), ("miraclelinux-9.4", "el9", "rhel-9")],
)
def test_what_the_packages_of_a_derivative_were_built_for_counts_more_than_its_own_number(name, base, slug):
    match = platform_of(replace(sample(name), base=base), "dnf")
    assert match.platform.slug == slug
    assert "nobody has tested that" in match.notice


def test_a_codename_that_agrees_with_the_version_says_nothing():
    assert platform_of(sample("debian-12"), "apt").notice == ""
    assert platform_of(replace(sample("debian-12"), version_id="12.0.7"), "apt").notice == ""
    assert platform_of(replace(sample("ubuntu-24.04"), codename="unheard-of"), "apt").platform.slug == "ubuntu-24.04"


def test_every_sample_is_in_one_of_the_tables():
    assert {path.stem for path in SAMPLES.glob("*.os-release")} == {*ROWS, *TAKEN_AS, *UNKNOWN}


def test_every_distribution_of_the_table_has_a_sample():
    sampled = {sample(name).id for name in ROWS}
    assert {row.id for row in platforms()} | set(derivatives()) <= sampled


def test_the_package_manager_tells_apart_what_shares_an_id():
    desktop, server = platform_of(sample("uos-20"), "apt"), platform_of(sample("uos-20"), "dnf")
    assert (desktop.platform.name, server.platform.name) == ("UOS Desktop 20", "UOS Server 20")
    assert platform_of(sample("kylin-V10"), "apt").platform.distro_packages == ("docker.io",)


def test_a_service_pack_in_the_version_is_no_other_release():
    kylin = replace(sample("kylin-V10"), version_id="V10-SP1-2403")
    assert platform_of(kylin, "dnf").platform.slug == "kylin-V10"


@pytest.mark.parametrize("version", ["2", "12.04", "", "x"])
def test_releases_older_than_the_table_are_not_taken_as_newer_ones(version):
    assert platform_of(OperatingSystem("ubuntu", version, f"Ubuntu {version}"), "apt") is None


@pytest.mark.parametrize("row", platforms(), ids=lambda row: f"{row.slug}-{row.family}")
def test_every_row_can_be_installed_somehow_and_says_when_it_ended(row):
    assert row.suites or row.distro_packages
    assert bool(row.last_engine) <= bool(row.ended)
    assert row.tier in {"tested", "mapped"}
    assert row.conflicts
