"""Facts of real hosts -> plan -> script, as text that a review can read.

Every directory holds facts.txt (see capture.py) and, for each wanted state below that fits the host, a plan and its
script. `pytest tests/golden --update-golden` writes them anew.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from provisioner.errors import ProvisionerError
from provisioner.facts.frames import RAW_NONCE
from provisioner.facts.host import Host
from provisioner.facts.parse import parse
from provisioner.host_files.openpgp import fingerprints
from provisioner.planner.planner import plan, questions
from provisioner.report.plans import plan_text
from provisioner.scripts.render import apply_script
from provisioner.sources.reach import SourceReach
from provisioner.wanted.spec import Spec

HERE = Path(__file__).parent
HOSTS = sorted(path.parent.name for path in HERE.glob("*/facts.txt"))
KEY = (HERE / "key.asc").read_text()
(FINGERPRINT,) = fingerprints(KEY)
MIRRORS = ["https://first.example", "http://192.0.2.7:5000"]
STATES = {
    "install": {"registry_mirrors": MIRRORS, "users": ["ops"]},
    "install-from-source": {
        "registry_mirrors": MIRRORS,
        "source": "http://packages.example",
        "source_fingerprint": FINGERPRINT,
        "version": "28.3",
        "hold": True,
    },
    "mirrors": {"registry_mirrors": MIRRORS, "install": False},
}
VERSIONS = ("28.3.1", "28.3.3", "29.0.0")


def facts_of(host):
    return parse((HERE / host / "facts.txt").read_text(encoding="utf-8"), RAW_NONCE)


def answers(facts, spec):
    """The source of this test carries what is asked for, in the form of the host's family; no other one answers."""

    def form(version):
        return f"3:{version}-1.el9" if facts.package_manager != "apt" else f"5:{version}-1~test"

    offered = {name: tuple(map(form, VERSIONS)) for name in ("docker-ce", "docker-ce-cli")}
    offered |= {"containerd.io": ("1.7.27-1",), "docker-buildx-plugin": ("0.25.0-1",)}
    return tuple(
        SourceReach(source, seconds=0.1, key=KEY, versions=offered)
        if source.fingerprint == FINGERPRINT
        else SourceReach(source, problem="Could not resolve host")
        for source in questions(Host.of(facts), spec).sources
    )


def rendered(host, state):
    facts, spec = facts_of(host), Spec(**STATES[state])
    try:
        planned = plan(host, Host.of(facts), answers(facts, spec), spec)
    except ProvisionerError as error:
        return {"plan.txt": f"{type(error).__name__} ({error.exit_code}): {error.message}\n-> {error.hint}\n"}
    files = {"plan.txt": plan_text(planned) + "\n"}
    if planned.steps:
        files["apply.sh"] = apply_script(planned)
    return files


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("host", HOSTS)
def test_plan_and_script_are_as_reviewed(host, state, request):
    directory, files = HERE / host / state, rendered(host, state)
    if request.config.getoption("--update-golden"):
        directory.mkdir(exist_ok=True)
        for path in directory.iterdir():
            path.unlink()
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
    assert {path.name: path.read_text(encoding="utf-8") for path in directory.iterdir()} == files


@pytest.mark.parametrize("host", HOSTS)
def test_planning_is_a_function(host):
    assert rendered(host, "install") == rendered(host, "install")


@pytest.mark.parametrize("script", sorted(HERE.glob("*/*/apply.sh")), ids=lambda path: "/".join(path.parts[-3:-1]))
def test_every_script_parses_in_dash_and_bash(script):
    for shell in ("sh", "bash"):
        subprocess.run([shell, "-n", script], check=True)


@pytest.mark.parametrize("host", HOSTS)
def test_facts_say_what_the_host_is(host):
    facts = facts_of(host)
    said = json.dumps({"id": facts.os.id, "version": facts.os.version_id, "init": facts.init})
    assert all(json.loads(said).values()) or "forky" in host, said
