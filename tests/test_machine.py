"""What tests ask of their machine: one list, installed by one apt-get at a time; and which lacks are no failure."""

from __future__ import annotations

import ast
import os
import threading
from pathlib import Path

import pytest

from tests import machine
from tests.syntax import tree_of
from tests.testbed import apt, capabilities

TESTS = Path(__file__).parent
OWN = {"docker", "shellcheck"}
"""Programs that tests have from the project itself; see TOOLS."""
OPTIONAL = {"kubectl", "npm"}
"""Programs that a test looks for, and does less without; no machine has to have them."""
STARTERS = {"needs", "run", "Popen", "check_output", "which", "ensure"}


def sources():
    return {path: tree_of(path) for path in TESTS.rglob("*.py")}


def literal(node):
    """The first word of a command as it stands in the code; None when it is computed."""
    while isinstance(node, ast.List | ast.Tuple | ast.Starred) and getattr(node, "elts", True):
        node = node.value if isinstance(node, ast.Starred) else node.elts[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_a_start(call, imported):
    """subprocess.run(["x"]), which("x"), needs("x"), and `run` of the test bed; `run` of a transport is another thing."""
    function = call.func
    if isinstance(function, ast.Attribute):
        owner = getattr(function.value, "id", "")
        return (owner, function.attr) in {
            *(("subprocess", name) for name in STARTERS),
            ("shutil", "which"),
            ("apt", "ensure"),
        }
    return getattr(function, "id", "") in STARTERS & imported


def started():
    """Program -> where tests start it or ask for it, as far as its name stands there."""
    found = {}
    for path, tree in sources().items():
        imported = {
            name.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("tests.", "subprocess", "shutil"))
            for name in node.names
        }
        if path.parent.name == "testbed":
            imported.add("run")
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and is_a_start(node, imported):
                asks = getattr(node.func, "id", getattr(node.func, "attr", "")) in {"needs", "ensure"}
                for program in filter(None, map(literal, node.args if asks else node.args[:1])):
                    found.setdefault(program, []).append(f"{path.relative_to(TESTS)}:{node.lineno}")
    return found


def test_every_program_that_tests_start_is_a_row():
    found = started()
    assert {"mmdebstrap", "gpg", "ip", "docker", "zstd"} <= found.keys(), "programs are not found any more"
    wrong = {program: where for program, where in found.items() if program not in {*machine.TOOLS, *OWN, *OPTIONAL}}
    assert wrong == {}, "no row of TOOLS in tests/machine.py: a bare machine would not have it"


def test_every_row_is_asked_for():
    named = {
        node.value
        for path, tree in sources().items()
        if path.name != "machine.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(machine.TOOLS) - named == set()


def outcome(call):
    try:
        call()
    except pytest.skip.Exception:
        return "skipped"
    except pytest.fail.Exception:
        return "failed"
    return "runs"


@pytest.mark.parametrize(
    ("lack", "by_hand", "in_ci"),
    [
        (lambda: machine.needs("sh"), "runs", "runs"),
        (lambda: machine.needs("sh", "zstd"), "skipped", "failed"),
        (lambda: machine.needs("nobody-lists-this"), "failed", "failed"),
        (lambda: machine.lacks("an engine"), "skipped", "failed"),
        (lambda: machine.cannot("no IPv6"), "skipped", "skipped"),
    ],
    ids=["there", "missing", "in no list", "mendable", "not mendable"],
)
def test_what_a_lack_is(monkeypatch, tmp_path, lack, by_hand, in_ci):
    (tmp_path / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    assert outcome(lack) == by_hand
    monkeypatch.setenv("CI", "true")
    assert outcome(lack) == in_ci


APT_GET = """#!/bin/sh
mkdir "$0.busy" 2>/dev/null || { echo "E: Could not get lock /var/lib/apt/lists/lock." >&2; exit 100; }
echo "$@" >>"$0.log"
sleep 0.3
case $* in *install*) printf '#!/bin/sh\\n' >"${0%/*}/zstd"; chmod 755 "${0%/*}/zstd" ;; esac
rmdir "$0.busy"
"""


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A PATH with little but an apt-get that refuses to run beside another one, as apt does."""
    for tool in ("sh", "mkdir", "rmdir", "sleep", "chmod"):
        (tmp_path / tool).symlink_to(f"/bin/{tool}")
    (tmp_path / "apt-get").write_text(APT_GET)
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PROVISIONER_TESTBED_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def test_what_is_missing_is_installed_once_however_many_ask(bare):
    problems = []

    def ask():
        try:
            apt.ensure("zstd")
        except apt.TestbedError as error:
            problems.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    update, install = (bare / "apt-get.log").read_text().splitlines()
    assert "update" in update
    assert install.endswith("-y --no-install-recommends zstd")


def test_somebody_elses_apt_is_waited_for(bare):
    (bare / "apt-get.busy").mkdir()
    threading.Timer(1.2, (bare / "apt-get.busy").rmdir).start()
    assert apt.ensure("zstd") == ["zstd"]


def test_without_root_the_command_is_said(bare, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(apt.TestbedError, match=r"apt-get update && apt-get install -y --no-install-recommends zstd$"):
        apt.ensure("zstd")


IN_A_CONTAINER = {
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE", "NET_RAW",
    "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP",
}  # fmt: skip
"""What Docker gives a container that asks for nothing."""


@pytest.mark.parametrize(
    ("bounding", "lost"),
    [
        ("000001ffffffffff", set()),
        ("000001fffeffffff", {"SYS_RESOURCE"}),
        ("0000003fffffffff", set()),
        ("000001fff7ffffff", {"MKNOD"}),
        ("00000000a80425fb", set(capabilities.NAMES) - IN_A_CONTAINER),
    ],
    ids=["all", "no SYS_RESOURCE", "a kernel of 2018", "no MKNOD", "a container by default"],
)
def test_a_host_is_given_what_the_machine_has(bounding, lost):
    given = capabilities.granted(f"CapEff:\t0000000000000000\nCapBnd:\t{bounding}\nCapAmb:\t0000000000000000\n")
    assert set(capabilities.NAMES) - set(given) == lost
