"""README's first commands: what a bare machine is told, and what `make` does before there is anything to run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import needs

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "find-python.sh"
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
DEBIAN = "apt-get update && apt-get install -y make python3-venv"
EL = "dnf install -y make python3.12"

ABLE = "pass"
OLD = "sys.version_info = (3, 9, 2, 'final', 0)"
WITHOUT_VENV = "sys.modules['ensurepip'] = None"


def machine(directory, programs):
    """A PATH with these programs alone: a Python as the value says, or (empty) a program that does nothing."""
    for name in ("uname", "sh"):
        (directory / name).symlink_to(shutil.which(name))
    for name, kind in programs.items():
        text = f'exec {sys.executable} -c "import sys; {kind}; exec(sys.argv[1])" "$2"' if kind else "exit 0"
        (directory / name).write_text(f"#!/bin/sh\n{text}\n")
        (directory / name).chmod(0o755)
    return {"PATH": str(directory)}


def find_python(shell, programs, directory):
    """The script's answer on a machine with these programs."""
    needs(shell)
    words = [shutil.which(SHELLS[shell][0]), *SHELLS[shell][1:], SCRIPT]
    return subprocess.run(words, env=machine(directory, programs), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("programs", "found"),
    [
        ({"python3": ABLE}, "python3"),
        ({"python3": OLD, "python3.12": ABLE, "dnf": ""}, "python3.12"),
        ({"python3": WITHOUT_VENV, "python3.11": ABLE}, "python3.11"),
    ],
    ids=["python3", "a second one that is newer", "a second one that has venv"],
)
def test_a_python_that_can_make_the_environment_is_found(shell, programs, found, tmp_path):
    done = find_python(shell, programs, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{found}\n", "")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("programs", "has", "command"),
    [
        ({"apt-get": ""}, "none", DEBIAN),
        ({"apt-get": "", "python3": WITHOUT_VENV}, f"Python 3.{sys.version_info[1]} without venv", DEBIAN),
        ({"apt-get": "", "python3": OLD}, "Python 3.9, too old", None),
        ({"dnf": "", "yum": ""}, "none", EL),
        ({"dnf": "", "python3": OLD}, "Python 3.9, too old", EL),
        ({"microdnf": ""}, "none", f"micro{EL}"),
        ({}, "none", None),
    ],
    ids=["bare Debian", "no venv", "an old Debian", "bare EL", "EL 9", "ubi-minimal", "no package manager"],
)
def test_a_machine_without_one_is_told_the_command_of_the_readme(shell, programs, has, command, tmp_path):
    done = find_python(shell, programs, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"this machine has {has}.\n" in done.stderr
    said = re.findall(r"^    (.* install .*)$", done.stderr, re.MULTILINE)
    assert said == ([command] if command else [])
    assert f'make up TARGETS="root@{os.uname().nodename}"' in done.stderr


def test_the_readme_names_the_commands_before_make_up():
    before, _, _ = (ROOT / "README.md").read_text(encoding="utf-8").partition("    make up ")
    assert re.findall(r"^    (.*?)\s+# ", before, re.MULTILINE) == [DEBIAN, EL]


def test_the_version_is_the_one_of_the_package():
    wanted = re.search(r'requires-python = ">=(\d+)\.(\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert f"({wanted[1]}, {wanted[2]})" in SCRIPT.read_text(encoding="utf-8")
    assert f"Python {wanted[1]}.{wanted[2]} or newer" in SCRIPT.read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["up", "test", "unit", "lint"])
def test_make_says_it_as_well_and_leaves_nothing(target, tmp_path):
    needs("make")
    words = ["make", target, f"VENV={tmp_path}/venv", "PYTHON=no-such-python"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "provisioner needs Python 3.10 or newer with its module venv; this machine has none." in done.stderr
    assert not (tmp_path / "venv").exists()


def test_every_target_is_in_the_makefiles_head():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    explained = set(re.findall(r"^# make ([\w-]+) ", text, re.MULTILINE))
    assert set(phony.split()) - explained == {"clean"}


@pytest.mark.shellcheck
@pytest.mark.parametrize("script", ["find-python.sh", "tests/testbed/entry.sh"])
def test_shellcheck_has_no_complaint(script):
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert shellcheck, "shellcheck is part of the development dependencies"
    done = subprocess.run([shellcheck, ROOT / script], capture_output=True, text=True, check=False)
    assert done.stdout == ""
