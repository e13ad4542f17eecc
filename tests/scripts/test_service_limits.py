"""The functions of the service managers against ones that do not answer: each wait ends, and is taken back."""

from __future__ import annotations

import os
import re
import subprocess
import time

import pytest

from provisioner.scripts.render import template_text

FUNCTIONS = """
N=n began=0 engine_unit=docker.service
mark() { printf '@@n %s\\n' "$*"; }
note() { mark "note $*"; }
have() { command -v "$1" >/dev/null 2>&1; }
now() { date +%s; }
clock() { time=$(now); }
nap() { sleep 0.05; }
engine_pid() { echo 4242; }
kill() { echo "kill $*"; [ "$1" != -0 ]; }
"""
END = re.search(r"(?ms)^engine_end\(\) \{.*?^\}", template_text("prelude.sh"))[0]
SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >>{folder}/calls
case $* in
  'show -p ActiveState docker.service') read -r state <{folder}/state; echo "ActiveState=$state" ;;
  'show -p MainPID'*) printf 'MainPID=77\\nControlPID=0\\n' ;;
  list-jobs*) printf '31 other.service start waiting\\n32 docker.service restart running\\n' ;;
  {hangs}\\ *) exec sleep 30 ;;
esac
"""


@pytest.fixture
def run(tmp_path):
    def run(call, *, hangs="never", state="activating", service="systemd"):
        (tmp_path / "state").write_text(f"{state}\n")
        for name in ("systemctl", "service", "rc-service", "snap"):
            body = (
                SYSTEMCTL.format(folder=tmp_path, hangs=hangs) if name == "systemctl" else "#!/bin/sh\nexec sleep 30\n"
            )
            (tmp_path / name).write_text(body)
            (tmp_path / name).chmod(0o755)
        functions = re.sub(r"\b(20|30|120|600)\b", "2", template_text(f"service/{service}.sh"))
        script = f"{FUNCTIONS}{END}\n{functions}\n{call}; echo status $?\n"
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        began = time.monotonic()
        done = subprocess.run(
            ["sh"], input=script, text=True, capture_output=True, check=False, timeout=60, env=environment
        )
        assert time.monotonic() - began < 15
        calls = (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
        return done.stdout, [call.removeprefix("systemctl ") for call in calls]

    return run


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_job_that_does_not_end_is_taken_back_and_no_other(run, verb):
    said, calls = run(f"engine_{verb}", hangs=verb)
    assert f"note systemctl {verb} docker.service has not ended within 2 s, its job is taken back" in said
    assert "status 1" in said
    assert [call for call in calls if call.startswith("cancel")] == ["cancel 32"]


def test_a_stop_that_takes_its_time_is_waited_for(run, tmp_path):
    soon = f"(sleep 3; echo activating >{tmp_path}/state; sleep 1; echo active >{tmp_path}/state) & engine_restart"
    said, calls = run(soon, hangs="restart", state="deactivating")
    assert "status 0" in said
    assert not [call for call in calls if call.startswith("cancel")]


def test_a_reload_that_waits_for_a_job_is_taken_back_and_goes_by_a_signal(run):
    said, calls = run("engine_reload", hangs="reload")
    assert "kill -HUP 4242" in said
    assert "cancel 32" in calls
    assert "status 0" in said


def test_what_hangs_is_ended_before_it_is_started_again(run):
    said, calls = run("engine_recover")
    assert "kill 77" in said
    assert calls[-1] == "restart docker.service"
    said, _ = run("engine_recover", state="active")
    assert "kill" not in said


@pytest.mark.parametrize("service", ["sysvinit", "upstart", "openrc", "snap"])
@pytest.mark.parametrize("verb", ["start", "restart"])
def test_other_service_managers_have_a_limit_as_well(run, service, verb):
    said, _ = run(f"engine_pid() {{ return 1; }}; engine_{verb}", service=service)
    assert "status 124" in said


CONTAINERD = re.search(r"(?ms)^engine_answers\(\) \{.*?^# say_why", template_text("prelude.sh"))[0]
CLIENT = """#!/bin/sh
echo >>{folder}/asked
[ "$(wc -l <{folder}/asked)" -ge 3 ] || {{ {before}; }}
{after}
"""


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        pytest.param("echo N/A; exit", "echo d64c661f1d51", 0, id="found again"),
        pytest.param("exec sleep 9", "echo d64c661f1d51", 0, id="silent at first"),
        pytest.param("exit 1", "exit 1", 0, id="an engine before 1.11 tells of none"),
        pytest.param("echo N/A; exit", "echo N/A", 1, id="never"),
    ],
)
def test_an_engine_is_waited_for_until_it_has_found_its_containerd(run, tmp_path, before, after, status):
    (tmp_path / "docker").write_text(CLIENT.format(folder=tmp_path, before=before, after=after))
    (tmp_path / "docker").chmod(0o755)
    functions = CONTAINERD.replace("timeout 20", "timeout 1")
    said, _ = run(f"{functions}\nengine_pid() {{ echo 4242; }}; comes_up 5 reaches_containerd")
    assert f"status {status}" in said
