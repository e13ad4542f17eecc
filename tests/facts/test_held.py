from __future__ import annotations

import pytest

from provisioner.facts.parse import _held

RPM = "".join(f"{name}\t0:1-1\tii\n" for name in ("docker-ce", "docker-ce-cli", "containerd.io", "docker"))


@pytest.mark.parametrize(
    ("locks", "held"),
    [
        pytest.param("docker-ce-3:26.1.5-1.el9.*\n", {"docker-ce"}, id="dnf"),
        pytest.param(
            "docker-ce-0:26.1.5-1.*\ndocker-ce-cli-1:26.1.5-1.el9.*\n", {"docker-ce", "docker-ce-cli"}, id="two"
        ),
        pytest.param("3:docker-ce-26.1.5-1.el7.*\n", {"docker-ce"}, id="yum"),
        pytest.param('name = "containerd.io"\n', {"containerd.io"}, id="dnf5"),
        pytest.param("#docker-ce-3:26.1.5-1.el9.*\n!docker-ce-3:27.0.1-1.el9.*\n", set(), id="comment-and-exclusion"),
        pytest.param("", set(), id="none"),
    ],
)
def test_what_a_versionlock_names_is_held(locks, held):
    assert _held({"rpm": RPM, "version-locks": locks}) == held


def test_what_dpkg_holds_is_held():
    assert _held({"dpkg": "docker-ce\t5:1\thi \ndocker.io\t1\tii \n"}) == {"docker-ce"}
