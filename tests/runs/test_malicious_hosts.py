"""Hosts that answer without an end beside one that is well: what they cost the controller, and what it says of each."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.transports.ssh_server import Server, key

NONCE = "n=$(sed -n 's/^N=//p' | head -n 1); "
ANSWERS = {
    "lines": "exec yes",
    "empty lines": "exec yes ''",
    "one line": "yes | exec tr -d '\\n'",
    "errors": "exec yes >&2",
    "bytes of no text": "exec cat /dev/urandom",
    "frames": f'{NONCE}yes "\n@@$n begin os-release\nID=x\n\n@@$n end os-release"',
    "a frame": f'{NONCE}printf "\\n@@%s begin os-release\\n" "$n"; exec yes',
    "a long answer": f'{NONCE}head -c 11000000 /dev/urandom; printf "\\n@@%s done 0\\n" "$n"',
}
"""Name -> what such a host runs instead of our script, which is on its stdin."""

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def _highest(pid: int) -> int:
    """The most memory of a process so far, in kB. What wait4 tells counts the process that started it as well."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) if "VmHWM" in status else 0
    return 0


def test_they_fail_alone_and_cost_little(tmp_path):
    login = key("ecdsa", 3)
    login.write_private_key_file(str(tmp_path / "key"))
    (tmp_path / "home").mkdir()
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(Server(keys=(login,), shell=("/bin/sh", "-c", answer)))
            for name, answer in ANSWERS.items()
        }
        servers["well"] = stack.enter_context(Server(keys=(login,)))
        (tmp_path / "known_hosts").write_text("".join(server.known_hosts() for server in servers.values()))
        targets = {f"user@127.0.0.1:{server.port}": name for name, server in servers.items()}
        began = time.monotonic()
        with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "provisioner", "facts", *targets, "--json", "--private-key", tmp_path / "key",
                 "--known-hosts", tmp_path / "known_hosts"],
                stdout=out, stderr=err, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": str(tmp_path / "home")},
            )  # fmt: skip
            highest = 0
            while process.poll() is None:
                highest = max(highest, _highest(process.pid))
                time.sleep(0.05)
        took = time.monotonic() - began
    said = (tmp_path / "err").read_text()
    hosts = json.loads((tmp_path / "out").read_text())["hosts"]
    (well,) = (host for host in hosts if not host.get("error"))
    errors = {host["name"]: host["error"] for host in hosts if host.get("error")}
    assert process.returncode in {3, 4}, said
    assert targets[well["name"]] == "well"
    for target, name in targets.items():
        assert name == "well" or (errors[target]["message"] and errors[target]["hint"]), (name, errors)
    assert len(said) < 20_000
    assert 0 < highest < 150 * 1024, f"{highest} kB"
    assert took < 100
