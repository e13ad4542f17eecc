"""The product as people run it: one process, one terminal if it asks something."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time

COMMAND = (sys.executable, "-m", "provisioner")


def command(bed, words):
    known_hosts = () if "--known-hosts" in words else ("--known-hosts", bed.known_hosts)
    return [str(word) for word in (*COMMAND, *words, "--private-key", bed.key_file, *known_hosts)]


def provisioner(bed, *words, timeout=600, env=None):
    return subprocess.run(
        command(bed, words),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        env={**os.environ, **(env or {})},
    )


def outcomes(bed, *words, status=0, **options):
    """The hosts of the JSON envelope, by name; the exit status must be `status`."""
    done = provisioner(bed, *words, "--json", **options)
    hosts = {host["name"]: host for host in json.loads(done.stdout)["hosts"]} if done.stdout else {}
    problems = [(name, host["status"], host["error"]) for name, host in hosts.items() if host["error"]]
    assert done.returncode == status, (problems, done.stderr[-3000:])
    return hosts


def at_a_terminal(bed, *words, answers, timeout=60):
    """Run with a terminal that types each of `answers` when a line ends in ": "; returns (status, what was shown)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(COMMAND[0], command(bed, words))
    shown, left, limit = b"", list(answers), time.monotonic() + timeout
    while time.monotonic() < limit:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
        if left and chunk.endswith(b": "):
            os.write(terminal, left.pop(0).encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()
