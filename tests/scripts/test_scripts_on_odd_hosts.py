"""Parts of the scripts against hosts that are not as they should be, on the machine that runs the tests."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from dataclasses import replace

import pytest

from provisioner.checks.after_apply import not_running
from provisioner.facts.frames import frames
from provisioner.facts.host import Host
from provisioner.facts.parse import parse
from provisioner.host_files.systemd_unit import Unit
from provisioner.planner.planner import plan
from provisioner.runs import one_host
from provisioner.runs.target import Target
from provisioner.scripts.render import apply_script, facts_script, launch_script, template_text
from provisioner.wanted.spec import Spec
from tests.fake_host import NEW, FakeHost
from tests.hosts import BARE, RUNNING
from tests.offered import NOBLE, good

PRELUDE = apply_script(
    plan("h", Host.of(RUNNING), (), Spec(registry_mirrors=["https://m.example"], install=False))
).split("step_1() {")[0]
FILE_FACTS = template_text("facts.sh").split("operating_system() {")[0]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def sh(script, *words, **options):
    return subprocess.run(
        ["sh", "-s", *words], input=script, text=True, capture_output=True, check=False, timeout=30, **options
    )


def follow(directory, pid):
    return sh(f"N=n\n{template_text('follow.sh')}\nfollow {shlex.quote(str(directory))} {pid}\n")


def test_a_run_that_was_killed_is_not_waited_for(tmp_path):
    (tmp_path / "log").write_text("\n@@n start packages\n")
    began = time.monotonic()
    with subprocess.Popen(["sh", "-c", "sleep 2; exit 137", "-", str(tmp_path)]) as run:
        answer = follow(tmp_path, run.pid)
    assert time.monotonic() - began < 15
    assert "@@n start packages" in answer.stdout
    assert (
        f"@@n error the run was cut off: it was killed, or there was no room for its log {tmp_path}/log"
        in answer.stdout
    )
    assert answer.stderr == ""


def test_a_number_that_another_process_has_now_is_not_taken_for_the_run(tmp_path):
    (tmp_path / "log").write_text("\n@@n start packages\n")
    with subprocess.Popen(["sleep", "30"]) as other:
        answer = follow(tmp_path, other.pid)
        other.kill()
    assert "@@n error the run was cut off" in answer.stdout


def test_a_run_that_says_its_end_is_not_called_cut_off(tmp_path):
    (tmp_path / "log").write_text("\n@@n left 0\n\n@@n ended\n")
    answer = follow(tmp_path, 0)
    assert "cut off" not in answer.stdout
    assert answer.stderr == ""


def test_a_host_without_a_tool_is_told_which(tmp_path):
    for tool in ("sh", "cat", "id", "mkdir", "flock", "mkfifo", "sha256sum", "tail"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    script = launch_script("echo hello", "n", run="r", holder="somebody").split("<<'PROVISIONER_n_PAYLOAD'\n")[1]
    answer = sh(script.split("PROVISIONER_n_PAYLOAD")[0], "n", "root", env={"PATH": str(tmp_path)})
    assert (
        "@@n error this host lacks what a run needs (coreutils and util-linux have it): setsid timeout;"
        in answer.stdout
    )


@as_root
def test_a_file_of_an_account_that_has_gone_keeps_its_numbers(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_text("{}")
    os.chown(path, 54321, 54322)
    answer = sh(f"{FILE_FACTS}\nfile {path}\n", "n")
    assert "\n644 54321:54322\n" in answer.stdout


def put(tmp_path, words):
    script = f"{PRELUDE}\nmain() {{ trap finish EXIT; start daemon-config; put {words}; ok; }}\nmain\n"
    return sh(script, "n", str(tmp_path / "run"))


@as_root
def test_an_owner_that_cannot_be_given_leaves_nothing_behind(tmp_path):
    path = tmp_path / "daemon.json"
    answer = put(tmp_path, f"{path} 644 no-such-account:root absent '{{}}'")
    assert f"@@n error {path} cannot be written as no-such-account:root with mode 644: " in answer.stdout
    assert not list(tmp_path.glob("daemon.json*"))


@as_root
def test_a_file_that_cannot_be_replaced_needs_no_way_back(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_text("{}")
    subprocess.run(["mount", "--bind", path, path], check=True)
    try:
        answer = put(tmp_path, f"{path} 644 root:root $(checksum {path}) '{{\"debug\": true}}'")
    finally:
        subprocess.run(["umount", path], check=True)
    assert f"@@n error {path} cannot be replaced, it stays as it is: " in answer.stdout
    assert "rollback failed" not in answer.stdout
    assert path.read_text() == "{}"
    assert [found.name for found in tmp_path.glob("daemon.json*")] == ["daemon.json"]


@pytest.mark.parametrize(
    ("words", "login"),
    [
        pytest.param("sudo: a password is required", "password\nsudo asks for a password", id="password"),
        pytest.param(
            "sudo: sorry, you must have a tty to run sudo",
            "refused\nsudo: sorry, you must have a tty to run sudo",
            id="requiretty",
        ),
        pytest.param(
            "Sorry, user ops is not allowed to execute '/bin/sh' as root on web01.",
            "refused\nSorry, user ops is not allowed to execute '/bin/sh' as root on web01.",
            id="other commands only",
        ),
    ],
)
def test_sudo_says_itself_why_it_refuses(tmp_path, words, login):
    for name, body in (
        ("id", "echo 'uid=1000(ops) gid=1000(ops)'"),
        ("sudo", f"echo {shlex.quote(words)} >&2; exit 1"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    answer = sh(facts_script("n", brief=True), env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert frames(answer.stdout, "n")[0].body == f"uid=1000(ops) gid=1000(ops)\n{login}"
    assert parse(answer.stdout, "n").login.sudo_message == login.partition("\n")[2]


GREEDY = """\
[ "$1" != -n ] || { echo "sudo: a password is required" >&2; exit 1; }
while [ "$1" != sh ]; do shift; done
read -r typed
cat >>"$SWALLOWED"
[ "$typed" = "pass'word" ] || { echo "sudo: 1 incorrect password attempt" >&2; exit 1; }
exec "$@" </dev/null
"""
"""A sudo that reads whatever there is after the password."""


@pytest.mark.parametrize("password", ["pass'word", "wrong"])
def test_who_reads_the_password_gets_nothing_else(tmp_path, password):
    swallowed, private = tmp_path / "swallowed", tmp_path / "private"
    private.mkdir()
    for name, body in (("id", "echo 'uid=1000(ops) gid=1000(ops)'"), ("sudo", GREEDY)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    answer = sh(
        facts_script("n", become_password=password, brief=True),
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(private), "SWALLOWED": str(swallowed)},
    )
    login = parse(answer.stdout, "n").login
    assert (login.sudo, login.sudo_message) == (
        ("password", "") if password != "wrong" else ("refused", "sudo: 1 incorrect password attempt")
    )
    assert swallowed.read_text() == ""
    assert list(private.iterdir()) == []


def test_nothing_to_write_is_no_success_while_the_engine_hangs():
    class Hanging(FakeHost):
        def _facts(self, nonce):
            text = super()._facts(nonce)
            begin, end = text.index(f"@@{nonce} begin docker-info"), text.index(f"@@{nonce} begin docker-info-status")
            silence = f"@@{nonce} begin docker-info\n\n@@{nonce} end docker-info\n\n"
            text = text[:begin] + silence + text[end:]
            status = f"@@{nonce} begin docker-info-status\n"
            return text.replace(f"{status}0", f"{status}124")

    outcome = one_host.plan(Target(Hanging("web01", NEW), Spec(registry_mirrors=[NEW], install=False)))
    assert (outcome.status, outcome.exit_code) == ("failed", 7)
    assert outcome.error.message == "engine answers: docker info does not answer: no word within 20 s"


def test_an_engine_that_only_root_may_ask_leads_to_sudo():
    class Refused(FakeHost):
        def _facts(self, nonce):
            text = super()._facts(nonce)
            login = "uid=0(root) gid=0(root) groups=0(root)\nroot\n"
            text = text.replace(login, "uid=1000(pat) gid=1000(pat)\nrefused\nsudo: 1 incorrect password attempt\n")
            begin, end = text.index(f"@@{nonce} begin docker-info"), text.index(f"@@{nonce} begin docker-info-status")
            silence = f"@@{nonce} begin docker-info\n\n@@{nonce} end docker-info\n\n"
            status = f"@@{nonce} begin docker-info-status\n"
            return (text[:begin] + silence + text[end:]).replace(f"{status}0", f"{status}1")

    outcome = one_host.plan(Target(Refused("web01", NEW), Spec(registry_mirrors=[NEW], install=False)))
    assert (outcome.status, outcome.exit_code) == ("failed", 7)
    assert "the password for sudo was wrong" in outcome.error.hint


@pytest.mark.parametrize(
    ("state", "said"),
    [
        pytest.param("inactive", "the engine is stopped", id="stopped"),
        pytest.param("activating", "the engine does not run: docker.service is activating", id="crash loop"),
        pytest.param("failed", "the engine does not run: docker.service is failed", id="failed"),
    ],
)
def test_a_configuration_that_no_engine_has_taken_up_is_said_to_be_so(state, said):
    units = {"docker.service": Unit("docker.service", "loaded", state, "enabled")}
    facts = replace(RUNNING, units=units, engine=replace(RUNNING.engine, pid=0, info=None))
    assert not_running(Host.of(facts), Spec(registry_mirrors=[NEW], install=False)) == said
    assert not_running(Host.of(RUNNING), Spec(registry_mirrors=[NEW], install=False)) == ""
    assert not_running(Host.of(facts), Spec(registry_mirrors=[NEW])) == ""
    assert not_running(Host.of(BARE), Spec(install=False)) == ""


@pytest.mark.parametrize(
    ("broken", "removes"), [pytest.param("hello", False, id="another"), pytest.param("docker.io", True, id="leaving")]
)
def test_an_engine_stays_while_dpkg_cannot_finish_another_package(tmp_path, broken, removes):
    facts = replace(BARE, packages={"docker.io": "20.10"})
    script = apply_script(plan("h", Host.of(facts), (good("official", NOBLE),), Spec(source="official")))
    commands, rest = script.rsplit("main() {", 1)
    step = rest.split("start conflicts\n")[1].split("\n")[0].strip()
    for name, body in (
        ("dpkg", f"[ $1 = --audit ] && echo {broken} || exit 1"),
        ("dpkg-query", f"echo 'ii  bash'; echo 'iF  {broken}'"),
        ("apt-get", f'echo "$@" >>{tmp_path}/called'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    answer = sh(f"{commands}\nlock_holder() {{ return 1; }}\n{step}\n", "n", str(tmp_path / "run"), env=environment)
    said = f"@@n error dpkg cannot finish the package {broken}; nothing was removed."
    assert ((tmp_path / "called").exists(), said in answer.stdout) == (removes, not removes)


@pytest.mark.parametrize(("end", "left"), [("ok", 0), ("die enough", 1)])
def test_a_script_that_is_run_by_hand_keeps_its_backups_only_when_it_failed(tmp_path, end, left):
    script = f"{PRELUDE}\nmain() {{ trap finish EXIT; start s; {end}; }}\nmain\n"
    answer = sh(script, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert f"@@manual finished {left}" in answer.stdout
    assert len(list(tmp_path.iterdir())) == left
