from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.facts.frames import new_nonce
from provisioner.planning.planner import plan
from provisioner.render import apply_script, facts_script, launch_script, template_text
from provisioner.spec import Spec
from tests.hosts import BARE, RUNNING

SCRIPTS = {
    "facts": template_text("facts.sh"),
    "envelope": facts_script(new_nonce(), become_password="s3cret pass'\"$"),
    "install": apply_script(
        plan("h", BARE, (), Spec(registry_mirrors=["https://m.example"], users=["ops"], hold=True))
    ),
    "mirrors": apply_script(plan("h", RUNNING, (), Spec(registry_mirrors=["https://m.example"], install=False))),
    "launch": launch_script("echo hello", "abc", run="r", holder="somebody's"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_parses(name):
    subprocess.run(["sh", "-n"], input=SCRIPTS[name], text=True, check=True)


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_has_no_complaint(name):
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if shellcheck is None:
        pytest.fail("shellcheck is part of the development dependencies")
    excluded = "SC2034,SC2317,SC2329"  # variables and functions of the prelude that this plan does not use
    result = subprocess.run(
        [shellcheck, "-s", "sh", "-S", "warning", "-e", excluded, "-"],
        input=SCRIPTS[name],
        text=True,
        capture_output=True,
        check=False,
    )
    assert result.stdout == ""
