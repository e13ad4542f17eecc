"""The product as people run it: one process, one terminal if it asks something.

Every run of it in these tests goes through here, and fails its test when the program has met what it did not expect:
exit status 70, a traceback, or its own word for that.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import time

import pytest

from provisioner.errors import BugError

COMMAND = (sys.executable, "-m", "provisioner")
BUGS = ("Traceback (most recent call last)", "this is a bug")


def command(bed, words):
    known_hosts = () if "--known-hosts" in words else ("--known-hosts", bed.known_hosts)
    return [str(word) for word in (*COMMAND, *words, "--private-key", bed.key_file, *known_hosts)]


def sound(words, status, said):
    """Fail the test if a run of the program that ended with `status` and `said` this has met a bug of its own."""
    if status == BugError.exit_code or any(bug in said for bug in BUGS):
        pytest.fail(f"{' '.join(words)}: a bug, status {status}\n{said[-6000:]}")


def run(words, **options):
    """Run these words, the program or what calls it, to their end; its output is text."""
    options = {"timeout": 600, "stdin": subprocess.DEVNULL, **options}
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    sound(words, done.returncode, done.stdout + done.stderr)
    return done


def provisioner(bed, *words, timeout=600, env=None):
    return run(command(bed, words), timeout=timeout, env={**os.environ, **(env or {})})


class Begun(subprocess.Popen):
    """A run that goes on while the test does something else."""

    def communicate(self, *args, **options):
        out, err = super().communicate(*args, **options)
        sound(self.args, self.returncode, (out or "") + (err or ""))
        return out, err

    def __exit__(self, *raised):
        super().__exit__(*raised)
        sound(self.args, self.returncode, "")


def begun(bed, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE):
    """Start the program; a test hears it by `communicate`, waits for it by `with`, or kills it."""
    return Begun(command(bed, words), stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, text=True)


def outcomes(bed, *words, status=0, **options):
    """The hosts of the JSON envelope, by name; the exit status must be `status`."""
    done = provisioner(bed, *words, "--json", **options)
    hosts = {host["name"]: host for host in json.loads(done.stdout)["hosts"]} if done.stdout else {}
    problems = [(name, host["status"], host["error"]) for name, host in hosts.items() if host["error"]]
    assert done.returncode == status, (problems, done.stderr[-3000:])
    return hosts


def at_a_terminal(bed, *words, answers, timeout=60, question=": "):
    """Run with a terminal, 200 cells wide, that types each of `answers` when a line ends in `question`.

    An answer may be a function, which is called for it. Returns (status, what was shown).
    """
    asked = command(bed, words)
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        os.execv(COMMAND[0], asked)
    shown, left, limit = b"", list(answers), time.monotonic() + timeout
    while time.monotonic() < limit:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
        if left and chunk.endswith(question.encode()):
            answer = left.pop(0)
            os.write(terminal, (answer() if callable(answer) else answer).encode() + b"\n")
    status, said = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()
    sound(asked, status, said)
    return status, said
