"""Facts of real hosts -> plan -> script, as text that a review can read.

Every directory holds facts.txt (see capture.py) and, for each wanted state below, a plan and what its script does:
steps.sh, which names the parts that many scripts share, engine.sh, prelude.sh, service-*.sh and packages-*.sh beside
this file, where they stand in it. `pytest tests/golden --update-golden` writes all of it anew.
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
from provisioner.plan.document import plan_document, plan_of
from provisioner.plan.rests_on import differences, rests_on
from provisioner.planner.planner import plan, questions
from provisioner.report.plans import plans_text
from provisioner.scripts.render import apply_script, shell_text
from provisioner.sources.reach import SourceReach
from provisioner.wanted.spec import Spec

HERE = Path(__file__).parent
HOSTS = sorted(path.parent.name for path in HERE.glob("*/facts.txt"))
SCRIPTS = sorted(HERE.glob("*/*/steps.sh"))
SCRIPT_IDS = ["/".join(path.parts[-3:-1]) for path in SCRIPTS]
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


PARTS = {
    "engine.sh": "engine.sh",
    "prelude.sh": "prelude.sh",
    **{f"service-{init}.sh": f"service/{init}.sh" for init in ("systemd", "sysvinit", "none")},
    **{f"packages-{part}.sh": f"packages/{part}.sh" for part in ("engine", "apt", "rpm", "etckeeper")},
}
"""What many scripts share: the name of a file here -> its template."""


def named(part):
    """The line of steps.sh that stands for a part."""
    return f". ./{part}\n"


def whole(steps):
    """The script that `steps` stands for, with the parts as they were reviewed."""
    for part in PARTS:
        steps = steps.replace(named(part), (HERE / part).read_text(encoding="utf-8"))
    return steps


def planned_for(host, state):
    facts, spec = facts_of(host), Spec(**STATES[state])
    return plan(host, Host.of(facts), answers(facts, spec), spec)


def rendered(host, state):
    """The files of a directory, by name; a script without its parts."""
    try:
        planned = planned_for(host, state)
    except ProvisionerError as error:
        return {"plan.txt": f"{type(error).__name__} ({error.exit_code}): {error.message}\n-> {error.hint}\n"}
    files = {"plan.txt": plans_text([planned]) + "\n"}
    if planned.steps:
        files["steps.sh"] = apply_script(planned)
        for part, template in PARTS.items():
            files["steps.sh"] = files["steps.sh"].replace(shell_text(template), named(part))
    return files


@pytest.mark.parametrize("part", PARTS)
def test_shared_parts_are_as_reviewed(part, request):
    text = shell_text(PARTS[part])
    if request.config.getoption("--update-golden"):
        (HERE / part).write_text(text, encoding="utf-8")
    assert (HERE / part).read_text(encoding="utf-8") == text


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


@pytest.mark.parametrize("steps", SCRIPTS, ids=SCRIPT_IDS)
def test_parts_and_steps_are_the_script_to_the_byte(steps):
    text = steps.read_text(encoding="utf-8")
    parts = [part for part in PARTS if named(part) in text]
    assert [text.count(named(part)) for part in parts] == [1] * len(parts)
    kinds = [part.removesuffix(".sh").split("-")[0] for part in parts]
    assert kinds in (["engine", "prelude", "service"], ["engine", "prelude", "service", *["packages"] * 3])
    assert whole(text) == apply_script(planned_for(*steps.parts[-3:-1]))


@pytest.mark.parametrize("host", HOSTS)
def test_planning_is_a_function(host):
    assert rendered(host, "install") == rendered(host, "install")


@pytest.mark.parametrize("steps", SCRIPTS, ids=SCRIPT_IDS)
def test_every_script_parses_in_dash_and_bash(steps):
    for shell in ("sh", "bash"):
        subprocess.run([shell, "-n"], input=whole(steps.read_text(encoding="utf-8")), text=True, check=True)


@pytest.mark.parametrize("host", HOSTS)
def test_facts_say_what_the_host_is(host):
    facts = facts_of(host)
    said = json.dumps({"id": facts.os.id, "version": facts.os.version_id, "init": facts.init})
    assert all(json.loads(said).values()) or "forky" in host, said


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("host", HOSTS)
def test_a_plan_that_is_kept_is_the_plan(host, state):
    """As JSON, and back: it looks the same, and so does its script."""
    try:
        planned = planned_for(host, state)
    except ProvisionerError:
        return
    kept = plan_of(json.loads(json.dumps(plan_document(planned))))
    assert kept.diffs == planned.diffs
    assert plans_text([kept], script=True) == plans_text([planned], script=True)
    assert apply_script(kept) == apply_script(planned)
    assert (kept.package_manager, kept.restart, kept.engine) == (
        planned.package_manager,
        planned.restart,
        planned.engine,
    )
    facts = facts_of(host)
    assert differences(rests_on(facts, planned), rests_on(facts_of(host), kept)) == ""
