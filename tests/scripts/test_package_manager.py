"""Which package manager a host's system is made of, whatever else lies on PATH."""

from __future__ import annotations

import subprocess

import pytest

from provisioner.scripts.render import template_text
from tests.scripts.shells import SHELLS

FUNCTION = template_text("facts.sh").partition("\npackage_manager() {")[2].partition("\n}\n")[0]
HAVE = 'have() { [ -e "$BIN/$1" ]; }'
DEBIAN = 'ID=debian\nVERSION_ID="13"\n'
CENTOS = 'NAME="CentOS Stream"\nID="centos"\nID_LIKE="rhel fedora"\n'
BOTH = ("apt-get", "dpkg-query", "dnf", "yum")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("release", "programs", "manager"),
    [
        pytest.param(DEBIAN, BOTH, "apt", id="dnf on Debian"),
        pytest.param("ID=linuxmint\nID_LIKE='ubuntu debian'\n", BOTH, "apt", id="a derivative"),
        pytest.param(CENTOS, BOTH, "dnf", id="apt-present-on-rpm-host"),
        pytest.param("ID=fedora\n", ("apt-get", "dpkg-query", "dnf", "dnf5"), "dnf5", id="apt on Fedora"),
        pytest.param("ID=centos\nID_LIKE='rhel fedora'\n", ("yum",), "yum", id="CentOS 7"),
        pytest.param("ID=altlinux\n", ("apt-get", "rpm"), "none", id="apt for rpm"),
        pytest.param("ID=openEuler\n", ("apt-get", "dpkg-query", "dnf", "rpm"), "dnf", id="a family that rpm tells"),
        pytest.param("ID=uos\n", ("apt-get", "dpkg-query"), "apt", id="a family that nothing tells"),
        pytest.param(CENTOS, ("apt-get", "dpkg-query"), "apt", id="nothing else there"),
        pytest.param(DEBIAN, (), "none", id="none"),
    ],
)
def test_the_package_manager_is_the_systems(tmp_path, shell, release, programs, manager):
    (tmp_path / "os-release").write_text(release)
    for program in programs:
        (tmp_path / program).touch()
    text = FUNCTION.replace("/etc/os-release /usr/lib/os-release", str(tmp_path / "os-release"))
    rpm = 'rpm() { [ -e "$BIN/rpm" ]; }'
    script = f'{HAVE}\n{rpm}\npackage_manager() {{{text}\n}}\npackage_manager; printf %s "$manager"'
    done = subprocess.run(
        [*SHELLS[shell], "-c", script], capture_output=True, text=True, check=False, env={"BIN": str(tmp_path), "PATH": "/usr/bin:/bin"}
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (manager, "")
