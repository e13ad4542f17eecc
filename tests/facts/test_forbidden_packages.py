"""What pins of apt and excludes of dnf and yum say, as facts."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.facts.apt_pins import Pin, apt_pins
from provisioner.facts.frames import frames
from provisioner.facts.package_state import package_state
from provisioner.facts.rpm_excludes import Exclude, rpm_excludes
from provisioner.scripts.render import template_text
from tests.scripts.shells import SHELLS

PREFERENCES = """\
# ours
Explanation: none of it
Package: docker-ce  docker-ce-cli
Pin: version 5:29.*
Pin-Priority: -1

package: *
pin: release o=Docker,
 c=stable
pin-priority: never
"""
CONF = """\
[main]
password=hidden
exclude=docker-ce*,foo
# no end
 containerd.io

[corp]
baseurl=http://me:hidden@corp
 http://me:hidden@other
includepkgs = a b
"""


def told(shell, tmp_path, manager, files):
    """The frames of the function for these files, below the directory that stands for /etc."""
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    functions = template_text("facts.sh").split("{%")[0].split("operating_system() {")[0]
    function = (
        "forbidden() {" + template_text("facts.sh").partition("\nforbidden() {")[2].partition("\n}\n")[0] + "\n}\n"
    )
    script = f"{functions}\nmanager={manager}\n{function.replace('/etc/', f'{tmp_path}/')}forbidden\nprintf '\\n@@n done 0\\n'\n"
    done = subprocess.run([*SHELLS[shell], "-s", "n"], input=script, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return {frame.name: frame.body.replace(str(tmp_path), "/etc") for frame in frames(done.stdout, "n")}


@pytest.mark.parametrize("shell", SHELLS)
def test_pins_are_read_where_one_forbids_something(shell, tmp_path):
    files = {
        "apt/preferences.d/no-docker": PREFERENCES,
        "apt/preferences.d/usual.pref": "Package: *\nPin: release a=stable\nPin-Priority: 990\n",
        "apt/preferences.d/ignored.save": "Package: *\nPin: release *\nPin-Priority: -1\n",
    }
    found = apt_pins(told(shell, tmp_path, "apt", files)["preferences"])
    folder = "/etc/apt/preferences.d"
    assert found == (
        Pin(f"{folder}/no-docker", ("docker-ce", "docker-ce-cli"), "version", "5:29.*", -1),
        Pin(f"{folder}/no-docker", ("*",), "release", "o=Docker, c=stable", -32768),
        Pin(f"{folder}/usual.pref", ("*",), "release", "a=stable", 990),
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_pins_that_forbid_nothing_are_left(shell, tmp_path):
    files = {"apt/preferences": "Package: *\nPin: release a=stable\nPin-Priority: 990\n"}
    assert told(shell, tmp_path, "apt", files) == {}
    assert told(shell, tmp_path, "dnf", {"dnf/dnf.conf": "[main]\ngpgcheck=1\n"}) == {}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("manager", "path"), [("dnf", "dnf/dnf.conf"), ("dnf5", "dnf/dnf.conf"), ("yum", "yum.conf")])
def test_excludes_are_read_and_no_password(shell, manager, path, tmp_path):
    body = told(shell, tmp_path, manager, {path: CONF})["excludes"]
    assert "hidden" not in body
    assert rpm_excludes(body) == (
        Exclude(
            f"/etc/{path}", 3, "main", "exclude=docker-ce*,foo", ("docker-ce*", "foo", "containerd.io"), only=False
        ),
        Exclude(f"/etc/{path}", 10, "corp", "includepkgs = a b", ("a", "b"), only=True),
    )


def test_excludes_that_are_switched_off_are_none():
    assert rpm_excludes("/etc/dnf/dnf.conf\n1\n[main]\n2\nexclude=docker*\n3\ndisable_excludes=all") == ()


@pytest.mark.parametrize(
    ("patterns", "only", "package", "kept"),
    [
        (("docker*",), False, "docker-ce", True),
        (("docker-ce",), False, "docker-ce-cli", False),
        (("docker-ce-29*",), False, "docker-ce", False),
        (("bash*",), True, "docker-ce", True),
        (("docker-ce-29*",), True, "docker-ce", False),
        (("*",), True, "docker-ce", False),
        (("docker*", "bash"), True, "docker-ce", False),
    ],
)
def test_what_an_exclude_certainly_keeps(patterns, only, package, kept):
    assert Exclude("/etc/dnf/dnf.conf", 2, "main", "", patterns, only).keeps(package) is kept


@given(st.text())
def test_any_text_is_read(text):
    assert isinstance(apt_pins(text), tuple)
    assert isinstance(rpm_excludes(text), tuple)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("said", "problems"),
    [
        pytest.param("error: cannot open Packages database in /var/lib/rpm", ("cannot open Packages database in /var/lib/rpm",), id="broken"),
        pytest.param("error: Unable to open /usr/lib/rpm/rpmrc for reading", (), id="something else"),
        pytest.param("", (), id="whole"),
    ],
)  # fmt: skip
def test_what_rpm_says_of_its_database_is_told_from_what_it_says_of_packages(shell, said, problems, tmp_path):
    (tmp_path / "rpm").write_text(
        f"#!/bin/sh\nprintf 'bash\\t0:5-1\\tii\\n'\n[ -z '{said}' ] || echo '{said}' >&2\nexit 1\n"
    )
    (tmp_path / "dnf").write_text("#!/bin/sh\n")
    for name in ("rpm", "dnf"):
        (tmp_path / name).chmod(0o755)
    text = template_text("facts.sh")
    script = (
        text.split("{%")[0].split("operating_system() {")[0]
        + text[text.index("\npackages() {") : text.index("\npackage_sources() {")]
    )
    script = f"{script}\npackage_manager() {{ manager=dnf; }}\npackages\nprintf '\\n@@n done 0\\n'\n"
    done = subprocess.run(
        [*SHELLS[shell], "-s", "n"], input=f"package_names=bash\n{script}", capture_output=True, text=True, check=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    found = {frame.name: frame.body for frame in frames(done.stdout, "n")}
    assert (done.stderr, found["rpm"]) == ("", "bash\t0:5-1\tii\n")
    assert package_state(found).rpm_problems == problems
