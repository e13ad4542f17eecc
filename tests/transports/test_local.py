from __future__ import annotations

import pytest

from provisioner.errors import ConnectionLostError, UnreachableError
from provisioner.transports.local import LocalTransport


def run(script, timeout=20, on_line=None):
    return LocalTransport().run(script, timeout=timeout, on_line=on_line)


def test_status_and_both_streams():
    completed = run("echo out; echo err >&2; exit 3")
    assert (completed.status, completed.stdout, completed.stderr) == (3, "out\n", "err\n")


def test_large_streams_at_once():
    completed = run("head -c 5000000 /dev/zero | tr '\\0' x; head -c 5000000 /dev/zero | tr '\\0' y >&2")
    assert (len(completed.stdout), len(completed.stderr)) == (5_000_000, 5_000_000)


def test_a_large_script():
    assert run("# " + "x" * 3_000_000 + "\necho end").stdout == "end\n"


def test_lines_arrive_in_order_with_a_last_one_that_has_no_newline():
    lines = []
    run("printf 'a\\nb'", on_line=lines.append)
    assert lines == ["a", "b"]


def test_a_timeout_ends_it():
    with pytest.raises(ConnectionLostError):
        run("sleep 30", timeout=0.3)


def test_a_machine_without_a_shell_is_no_host(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreachableError, match="localhost: this machine has no sh"):
        LocalTransport().run("true", timeout=5)
