from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.facts.dependencies import Requirement, dependencies
from provisioner.facts.parse import _half_configured

DPKG = (
    "docker.io\t26.1.5+dfsg1-9\t, \t, , containerd (>= 1.4~), runc (>= 1.0.0~rc8~), libc6 (>= 2.34)\n"
    "containerd\t1.7.24~ds1-6\t, container-runtime (= 1.7)\t, , libc6 (>= 2.38)\n"
    "runc\t1.1.15+ds1-2\t, \t, , libc6\n"
    "nvidia-docker2\t2.13.0-1\t, \t, , docker-ce (>= 18.06.0~ce~3-0~ubuntu) | docker-ee (>= 18.06.0~ce~3-0~ubuntu) | "
    "docker.io (>= 18.06.0)\n"
    "watcher\t1\t, \t, docker.io:any, container-runtime (>= 1.5) | other\n"
)
OTHERS = "podman\t4.3\t, other\n"


def of(package, single):
    return [row for row in dependencies(single) if row.package == package]


def test_what_needs_packages_of_dpkg_is_known_with_all_its_alternatives_and_who_satisfies_them():
    single = {"deb-dependencies": DPKG, "deb-alternatives": OTHERS}
    (toolkit,) = of("nvidia-docker2", single)
    assert [row.name for row in toolkit.alternatives] == ["docker-ce", "docker-ee", "docker.io"]
    assert toolkit.alternatives[2] == Requirement("docker.io", ">=", "18.06.0")
    assert toolkit.providers == {"docker.io"}
    named, virtual = of("watcher", single)
    assert named.providers == {"docker.io"}
    assert virtual.providers == {"containerd", "podman"}
    assert [str(row) for row in of("docker.io", single)] == ["containerd >= 1.4~", "runc >= 1.0.0~rc8~"]


@pytest.mark.parametrize(
    ("capability", "names"),
    [
        pytest.param("docker-engine", ["docker-engine"], id="name"),
        pytest.param("(docker-ce or docker-engine)", ["docker-ce", "docker-engine"], id="boolean"),
        pytest.param("podman(x86-64) >= 5:3.0", ["podman"], id="architecture"),
        pytest.param("/usr/bin/docker", ["/usr/bin/docker"], id="file"),
    ],
)
def test_what_rpm_says_of_a_removal(capability, names):
    (row,) = dependencies({"rpm-dependencies": f"docker-engine\t{capability}\twatcher\n"})
    assert (row.package, row.providers) == ("watcher", {"docker-engine"})
    assert [each.name for each in row.alternatives] == names


FRAMES = ("deb-dependencies", "deb-alternatives", "rpm-dependencies")


@given(st.dictionaries(st.sampled_from(FRAMES), st.text(alphabet="ab\t\n,|()<>= 1.:~", max_size=60)))
def test_odd_frames_never_raise(single):
    dependencies(single)


def test_a_package_that_rpm_has_twice_is_half_configured():
    twice = "docker-ce\t3:26.1.5-1.el9\tii\ndocker-ce\t3:20.10.24-3.el9\tii\ncontainerd.io\t0:1.6-1\tii\n"
    assert _half_configured({"rpm": twice}) == ("docker-ce",)
    assert _half_configured({"dpkg": "docker-ce\t1\tiU \nrunc\t1\tii \n"}) == ("docker-ce",)
