"""The program on a real terminal: its width is used, and a pipe has none."""

from __future__ import annotations

import fcntl
import itertools
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress

import pytest

from provisioner.report.cells import cells

NOBODY = ["root@127.0.0.1:1", "root@127.0.0.2:1"]
MISTAKE = ["apply", "root@192.0.2.1", "--source-fingerprint", "zz", "--registry-mirror", "ftp://x"]


def on_terminal(columns, *words, stdout=None):
    """What a terminal of so many columns shows, without colours; `stdout` may go elsewhere."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    with subprocess.Popen(
        [sys.executable, "-m", "provisioner", *words],
        stdin=theirs,
        stdout=stdout or theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm"},
    ) as running:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how the end of a terminal reads
            while piece := os.read(ours, 1 << 16):
                shown += piece
        running.wait(60)
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r", "").rstrip("\n").split("\n")


@pytest.mark.parametrize("columns", [80, 120, 200])
@pytest.mark.parametrize("words", [("mirror", "list"), ("source", "list"), ("platform", "list")], ids=" ".join)
def test_tables_fit(words, columns):
    lines = on_terminal(columns, *words)
    assert [line for line in lines if cells(line) > columns] == []
    assert max(map(cells, lines)) > 0.7 * min(columns, 100)


def test_a_pipe_has_no_width():
    told = subprocess.run(
        [sys.executable, "-m", "provisioner", "mirror", "list"], stdout=subprocess.PIPE, text=True, check=True
    )
    assert max(map(len, told.stdout.split("\n"))) > 200
    assert all(line.startswith(("alive ", "restricted ", "dead ")) for line in told.stdout.split("\n")[1:-3])


@pytest.mark.parametrize("columns", [40, 80])
def test_errors_fit_the_terminal_they_go_to_also_when_the_result_goes_elsewhere(columns):
    lines = on_terminal(columns, *MISTAKE, stdout=subprocess.DEVNULL)
    assert lines[0].startswith("error: source_fingerprint:")
    assert max(map(cells, lines)) <= columns
    assert len(lines) > 3


def test_hosts_that_are_not_there_fit():
    lines = on_terminal(60, "facts", *NOBODY, "--known-hosts", os.devnull)
    assert lines[-4:] == [
        "2 hosts: refuses connections to port 1",
        "  root@127.0.0.1:1 root@127.0.0.2:1",
        "  -> check the address, -p/--port and whether sshd runs",
        "     there",
    ]


@pytest.mark.parametrize("words", [("apply",), ("image", "rm")], ids=" ".join)
def test_paragraphs_of_help_are_broken_where_the_terminal_ends(words):
    shown = "\n".join(line.strip() for line in on_terminal(100, *words, "--help"))
    prose = shown.partition("Usage: ")[2].partition("╭")[0].strip().split("\n\n")[1:]
    assert len(prose) == 2
    for paragraph in prose:
        lines = paragraph.split("\n")
        broken = [line for line, after in itertools.pairwise(lines) if cells(line + after.split()[0]) < 90]
        assert broken == []
