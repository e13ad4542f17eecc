"""CONTRIBUTING's recipes: a dummy is added to a copy of the project at exactly the places that each of them names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RECIPES = {
    title.lower(): text
    for title, text in re.findall(
        r"(?ms)^\*\*([^*]+)\*\*: (.*?)(?=^\*\*|\Z)",
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Recipes")[2],
    )
}


class Copy:
    """A copy of the project; remembers which of its files were touched."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.touched = folder, set()
        for name in ("provisioner", "templates", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "golden"))
        for name in ("README.md", "CONTRIBUTING.md", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)

    def write(self, name, text):
        self.touched.add(name)
        (self.folder / name).write_text(text, encoding="utf-8")

    def edit(self, name, before, after):
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has {text.count(before)} times {before!r}"
        self.write(name, text.replace(before, after))

    def append(self, name, text):
        self.write(name, (self.folder / name).read_text(encoding="utf-8") + text)

    def run(self, *words, stdin=""):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def passes(self, *tests):
        self.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib", *tests)


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def named(title, name="dummy"):
    """The files that a recipe names, with NAME filled in."""
    paths = re.findall(r"`((?:provisioner|templates|tests|README)[\w./-]*\.[\w.-]+)`", RECIPES[title])
    return {path.replace("NAME", name) for path in paths}


def test_every_recipe_has_its_test():
    assert {title: title in TESTED for title in RECIPES} == dict.fromkeys(TESTED, True)


TESTED = {
    "a distribution",
    "a strategy",
    "a command",
    "a key of daemon.json",
    "a mirror or a package source",
    "an init system",
}
PLAN = """
from dataclasses import replace
from provisioner.facts.host import Host
from provisioner.planner.planner import plan
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, RUNNING, sample
"""


def test_a_distribution(copy):
    copy.append(
        "provisioner/data/platforms.toml",
        '\n[[platform]]\nid = "dummy"\nname = "Dummy Linux"\nfamily = "deb"\nconflicts = "debian"\n'
        'own = ["dummy-engine"]\nsource = "a recipe"\n[platform.releases]\n"1" = { suite = "debian/bookworm" }\n',
    )
    copy.edit(
        "provisioner/data/packages.toml",
        "package = [\n",
        'package = [\n  { name = "dummy-engine", role = "engine" },\n',
    )
    copy.write("tests/facts/platforms/dummy.os-release", 'ID=dummy\nVERSION_ID="1"\nPRETTY_NAME="Dummy Linux 1"\n')
    copy.edit(
        "tests/facts/test_platform.py", "ROWS = {\n", 'ROWS = {\n    "dummy": ("dummy-1", "apt", "debian/bookworm"),\n'
    )
    before = copy.run("-c", "from tests.test_readme import table; print(table())").rstrip("\n")
    readme = (copy.folder / "README.md").read_text(encoding="utf-8")
    old = re.search(r"(?m)^\| distribution \|.*\n(?:\|.*\n)*", readme)[0]
    copy.edit("README.md", old, before + "\n")
    assert copy.touched == named("a distribution")
    copy.passes("tests/facts/test_platform.py", "tests/test_readme.py", "tests/catalogue/test_packages.py")
    said = copy.run(
        "-c", PLAN + "print(plan('h', Host.of(replace(BARE, os=sample('dummy'))), (), Spec()).steps[0].title)"
    )
    assert said.strip() == "install dummy-engine"


STRATEGY = '''"""A way to install that only this test knows."""

from __future__ import annotations

from provisioner.catalogue.platforms import Platform
from provisioner.facts.host import Host
from provisioner.plan.model import Step
from provisioner.sources.reach import SourceReach
from provisioner.strategies.strategy import Accept, Questions, Reject
from provisioner.wanted.spec import Spec


def questions(host: Host, platform: Platform, spec: Spec) -> Questions:
    return Questions()


def installed(host: Host) -> str:
    return ""


def consider(host: Host, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    return Accept(why="it is wanted")


def steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    params = {"text": "it's done"}
    return (Step(id="packages", title="do it", why=accept.why, action="+", template="dummy", params=params),)
'''


def test_a_strategy(copy):
    copy.write("provisioner/strategies/dummy.py", STRATEGY)
    copy.edit("provisioner/wanted/strategies.py", "STRATEGIES = (\n", 'STRATEGIES = (\n    StrategyRow("dummy"),\n')
    copy.write("templates/steps/dummy.sh.j2", "  echo {{ p.text }}\n")
    assert copy.touched == named("a strategy")
    copy.passes("tests/test_architecture.py")
    for strategy in ("dummy", "auto"):
        script = copy.run(
            "-c", PLAN + f"print(apply_script(plan('h', Host.of(BARE), (), Spec(strategy='{strategy}'))))"
        )
        assert """echo 'it'"'"'s done'""" in script
    assert "dummy, apt-repo" in copy.run("-m", "provisioner", "apply", "--help")


COMMAND = '''"""provisioner dummy"""

from __future__ import annotations

import typer


def dummy() -> None:
    """Say that it is there."""
    typer.echo("it is there")
'''


def test_a_command(copy):
    copy.write("provisioner/cli/dummy.py", COMMAND)
    app = (copy.folder / "provisioner/cli/app.py").read_text(encoding="utf-8")
    line = re.search(r"(?m)^for command in \(", app)[0]
    copy.edit("provisioner/cli/app.py", line, f"from provisioner.cli.dummy import dummy\n\n{line}dummy, ")
    copy.append("README.md", "\n    provisioner dummy\n")
    assert copy.touched == named("a command")
    copy.passes("tests/test_architecture.py")
    assert copy.run("-m", "provisioner", "dummy") == "it is there\n"


def test_a_key_of_daemon_json(copy):
    copy.edit(
        "provisioner/data/daemon_keys.toml",
        "\n[keys]\n",
        '\n[keys]\ndummy-key = { type = "string", since = "26.0", reload = "26.0", default = "" }\n',
    )
    shown = '    "dummy-key": _string("Dummy"),\n'
    before = "SHOWN: dict[str, Shown] = {\n"
    copy.edit("provisioner/facts/daemon_live.py", before, before + shown)
    assert copy.touched == named("a key of daemon.json")
    wanted = "Spec(daemon={'dummy-key': 'x'}, install=False)"
    said = copy.run("-c", PLAN + f"print(planned := plan('h', Host.of(RUNNING), (), {wanted}), planned.restart.how)")
    assert "{{.Dummy}}" in said
    assert said.split()[-1] == "reload"
    copy.passes("tests/catalogue/test_daemon_keys.py")


def test_a_mirror_or_a_package_source(copy):
    rows = (copy.folder / "provisioner/data/registry_mirrors.toml").read_text(encoding="utf-8")
    row = (
        '[[mirror]]\nurl = "https://dummy.example"\noperator = "Dummy"\nstate = "alive"\nnote = "asked by a test"\n'
        'date = 2026-11-26\nsource = "a recipe"\n\n'
    )
    head, first, *others = rows.split("[[mirror]]\n")
    rows = "[[mirror]]\n".join([head, first + row, *others])
    copy.write("provisioner/data/registry_mirrors.toml", rows)
    copy.append(
        "provisioner/data/package_sources.toml",
        '\n[[source]]\nname = "dummy"\noperator = "Dummy"\nbase = "https://packages.dummy.example"\n',
    )
    assert copy.touched == named("a mirror or a package source")
    copy.passes("tests/catalogue/test_registry_mirrors.py")
    assert "https://dummy.example" in copy.run("-m", "provisioner", "mirror", "list")
    assert "https://packages.dummy.example" in copy.run("-m", "provisioner", "source", "list")


def test_an_init_system(copy):
    functions = (copy.folder / "templates/service/openrc.sh").read_text(encoding="utf-8")
    copy.write("templates/service/dummy.sh", functions.replace("rc-service docker", "dummyctl docker"))
    copy.edit("provisioner/facts/model.py", '"openrc", "none"]', '"openrc", "dummy", "none"]')
    copy.edit(
        "templates/facts.sh",
        "  if [ -d /run/systemd/system ]; then init=systemd\n",
        "  if [ -d /run/dummy ]; then init=dummy\n  elif [ -d /run/systemd/system ]; then init=systemd\n",
    )
    assert copy.touched == named("an init system")
    copy.passes("tests/test_architecture.py")
    facts = "replace(RUNNING, init='dummy', engine=replace(RUNNING.engine, pid=0, info=None))"
    assert "dummyctl docker" in copy.run("-c", PLAN + f"print(apply_script(plan('h', Host.of({facts}), (), Spec())))")
