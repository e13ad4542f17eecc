"""The names of images before and after a proof, against a docker of shell that keeps names in files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import replace

import pytest

from provisioner.checks.proof import proof_check, proof_plan
from provisioner.facts.host import Host
from provisioner.scripts.render import apply_script
from tests.hosts import INFO, RUNNING
from tests.machine import needs
from tests.scripts.shells import SHELLS

# A name's file holds its image; what a pull brings, its status and its words are files as well.
DOCKER = """#!/bin/sh
cd {state} || exit 99
echo "$*" >>asked
at() {{ printf 'names/%s' "$(printf '%s' "$1" | tr '/@' '+%')"; }}
parent() {{ sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"; }}
case "$1 $2" in
  'image inspect')
    [ -e "$(at "$6")" ] || exit 1
    case $4 in *RepoDigests*) cat digests ;; *) cat "$(at "$6")" ;; esac ;;
  'image ls') sort -u names/* 2>/dev/null; cat unnamed ;;
  'image rm')
    if [ -e used ]; then exit 1; fi
    if [ -e "$(at "$4")" ]; then rm "$(at "$4")"; else grep -v -x "$4" unnamed >rest; mv rest unnamed; fi ;;
  'tag '*) cat "$(at "$3")" >>unnamed; echo "$2" >"$(at "$3")" ;;
  'pull --')
    [ -e comes ] || {{ echo 'no such host'; exit 1; }}
    if [ -e "$(at "$3")" ]; then cat "$(at "$3")" >>unnamed; fi
    cat comes >"$(at "$3")"
    # Over `timeout` and the shell that pulls to the one that runs the steps.
    if [ -e orphan ]; then kill -9 "$(parent "$(parent "$PPID")")"; fi
    echo 'e90a: Download complete' ;;
  'events --since') cat pulls ;;
esac
"""
LOUD = replace(RUNNING, engine=replace(RUNNING.engine, info=replace(INFO, debug=True)))
"""An engine that says at debug level already what is asked of it."""


@pytest.fixture(params=SHELLS)
def proof(request, tmp_path):
    """A function that proves an image in one of the shells; it returns the proof's markers."""
    needs(SHELLS[request.param][0])
    tools, state = tmp_path / "tools", tmp_path / "state"
    (state / "names").mkdir(parents=True)
    tools.mkdir()
    (tools / "docker").write_text(DOCKER.format(state=state))
    (tools / "docker").chmod(0o755)
    (tools / "sh").symlink_to(shutil.which("dash"))
    for name, text in (("digests", "hello@sha256:1\n"), ("unnamed", ""), ("pulls", "hello:latest\n"), ("asked", "")):
        (state / name).write_text(text)

    def run(image="hello"):
        script = apply_script(proof_plan("h", Host.of(LOUD), image)).replace(
            "/var/lib/provisioner", str(tmp_path / "records")
        )
        done = subprocess.run(
            [*SHELLS[request.param], "-s", "n", str(tmp_path / "run")],
            input=script,
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
            env={"PATH": f"{tools}:{os.environ['PATH']}"},
        )
        assert done.stderr == ""
        run.status = done.returncode
        return [line.removeprefix("@@n proof ") for line in done.stdout.splitlines() if line.startswith("@@n proof ")]

    run.state = state
    run.named = lambda: {path.name: path.read_text().strip() for path in (state / "names").iterdir()}
    run.name = lambda **names: [(state / "names" / name).write_text(f"{image}\n") for name, image in names.items()]
    run.pending = tmp_path / "records" / "proof"
    return run


def test_what_came_is_gone_again(proof):
    (proof.state / "comes").write_text("new\n")
    layers, ended = proof()
    assert (layers, ended[:8], ended[-23:]) == ("layers 1", "ended 0 ", "e90a: Download complete")
    assert proof.named() == {}
    assert not proof.pending.exists()


def test_a_pull_that_fails_changes_no_name(proof):
    proof.name(hello="old", other="old")
    layers, ended = proof()
    assert (layers, ended[:8], ended[-12:]) == ("layers 0", "ended 1 ", "no such host")
    assert proof.named() == {"hello": "old", "other": "old"}
    assert "image rm" not in (proof.state / "asked").read_text()
    assert not proof.pending.exists()


def test_a_name_that_has_moved_is_put_back_and_what_came_is_gone(proof):
    proof.name(hello="old")
    (proof.state / "comes").write_text("new\n")
    assert "left" not in " ".join(proof())
    assert proof.named() == {"hello": "old"}
    assert "new" not in (proof.state / "unnamed").read_text()


def test_a_run_that_is_killed_while_it_pulls_has_the_name_put_back_nevertheless(proof):
    proof.name(hello="old")
    (proof.state / "comes").write_text("new\n")
    (proof.state / "orphan").touch()
    proof()
    assert proof.status == -signal.SIGKILL
    assert proof.named() == {"hello": "old"}
    assert "new" not in (proof.state / "unnamed").read_text()
    assert not proof.pending.exists()


@pytest.mark.parametrize(
    ("unnamed", "pulls", "used"),
    [
        pytest.param("new\n", "hello:latest\n", False, id="it was here without a name"),
        pytest.param("", "hello:latest\nhello:latest\n", False, id="somebody else pulls"),
        pytest.param("", "", False, id="nobody knows who pulls"),
        pytest.param("", "hello:latest\n", True, id="a container uses it"),
    ],
)
def test_what_others_may_want_stays_and_is_said(proof, unnamed, pulls, used):
    (proof.state / "comes").write_text("new\n")
    (proof.state / "unnamed").write_text(unnamed)
    (proof.state / "pulls").write_text(pulls)
    if used:
        (proof.state / "used").touch()
    assert "left hello stays here" in proof()
    assert proof.named() == {"hello": "new"}


@pytest.mark.parametrize(
    ("image", "digests", "why"),
    [
        pytest.param("hello", "\n", "built", id="no registry gave it"),
        pytest.param("hello@sha256:1", "hello@sha256:1\n", "digest", id="by its digest"),
    ],
)
def test_what_would_prove_nothing_is_not_pulled(proof, image, digests, why):
    proof.name(**{image.replace("@", "%"): "old"})
    (proof.state / "digests").write_text(digests)
    (proof.state / "comes").write_text("new\n")
    said = proof(image)
    assert said == [f"unasked {why}"]
    assert "pull" not in (proof.state / "asked").read_text()
    assert "name an image that is not here" in proof_check(said, [], image).detail


@pytest.mark.parametrize(
    ("record", "now", "then", "left"),
    [
        pytest.param("old new yes 1 hello", {"hello": "new"}, {"hello": "old"}, "", id="before the name was back"),
        pytest.param("old new yes 1 hello", {"hello": "old"}, {"hello": "old"}, "", id="after the name was back"),
        pytest.param("old - - - hello", {"hello": "old"}, {"hello": "old"}, "", id="before the pull had come"),
        pytest.param(
            "old new yes 1 hello",
            {"hello": "mine"},
            {"hello": "mine"},
            "left hello was old when a proof was cut off, and is another image now: docker tag old hello",
            id="the name was given away since",
        ),
        pytest.param("absent new yes 1 hello", {"hello": "new"}, {}, "", id="before what came was removed"),
        pytest.param("absent - - - hello", {"hello": "new"}, {"hello": "new"}, "", id="nobody knows whose it is"),
    ],
)
def test_the_next_proof_repairs_one_that_was_cut_off(proof, record, now, then, left):
    proof.name(**now)
    proof.pending.parent.mkdir()
    proof.pending.write_text(f"{record}\n")
    said = proof("another")
    assert [line for line in said if line.startswith("left")] == ([left] if left else [])
    assert proof.named() == then
    assert not proof.pending.exists()
