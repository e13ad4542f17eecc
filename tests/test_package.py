"""What people install: the wheel that the sdist gives, in an environment that has nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*words, **options):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    """The sdist, and the wheel built from it (`build` does so when it is asked for both)."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return sdist, wheel


def test_the_wheel_has_every_template_and_table(artifacts):
    names = set(zipfile.ZipFile(artifacts[1]).namelist())
    for directory, inside in (("templates", "provisioner/templates"), ("provisioner/data", "provisioner/data")):
        for file in (ROOT / directory).rglob("*"):
            if file.is_file():
                assert f"{inside}/{file.relative_to(ROOT / directory).as_posix()}" in names
    assert not any(name.startswith(("tests/", "templates/")) for name in names)


def test_the_sdist_can_be_worked_on(artifacts):
    with tarfile.open(artifacts[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "Makefile",
        "find-python.sh",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "pyproject.toml",
        "tests/test_package.py",
    } <= names


@pytest.mark.network
def test_the_wheel_runs_where_nothing_else_is(artifacts, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    run(tmp_path / "env/bin/python", "-m", "pip", "install", "--quiet", artifacts[1], cwd=tmp_path)
    provisioner = tmp_path / "env/bin/provisioner"
    assert run(provisioner, "--version", cwd=tmp_path).startswith("provisioner ")
    document = json.loads(run(provisioner, "facts", "--json", cwd=tmp_path))
    assert document["hosts"][0]["kernel"]
