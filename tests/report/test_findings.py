from __future__ import annotations

import pytest

from provisioner.errors import UnreachableError
from provisioner.preflight.finding import Finding
from provisioner.report.findings import check_document, check_text
from provisioner.runs.check import Checked

OLD = Finding("kernel", "fail", "2.6.32 is older than 3.10", "upgrade it", unsupported=True)
SLOW = Finding("clock", "warn", "3 s behind\n  x\n  ^", "set the clock of web01")
FINE = [Finding(name, "pass", "fine") for name in ("memory", "disk space", "DNS")]


def bad(host):
    return Checked(host, (OLD, SLOW, *FINE), "debian-12")


def gone(host):
    return Checked(host, error=UnreachableError(f"{host}: nobody there", hint="go and look"))


def test_one_host():
    assert check_text([bad("web01")]).split("\n") == [
        "web01: 1 failed, 1 warning, 3 passed",
        "  fail  kernel      2.6.32 is older than 3.10",
        "                    -> upgrade it",
        "  warn  clock       3 s behind",
        "                      x",
        "                      ^",
        "                    -> set the clock of web01",
        "  pass  memory, disk space, DNS",
    ]


def test_what_is_alike_on_many_hosts_is_told_once():
    text = check_text([bad("a"), gone("b"), bad("c"), gone("d"), Checked("e", tuple(FINE))])
    assert text.startswith("2 hosts: 1 failed, 1 warning, 3 passed\n  a c\n  fail  kernel")
    assert "\n2 hosts: nobody there\n  b d\n  -> go and look\n" in text
    assert "\ne: 0 failed, 0 warnings, 3 passed\n" in text
    assert text.endswith("\n1 of 5 hosts can carry a Docker Engine; not a, b, c, d")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_text_is_wrapped_to_the_terminal(width):
    wordy = Finding("kernel features", "warn", "word " * 60, "do " * 60)
    rows = [Checked(f"web{number:02}.example", (wordy, *FINE * 9)) for number in range(30)]
    lines = check_text(rows, width=width).split("\n")
    assert max(map(len, lines)) <= width
    assert len(lines) < 60


def test_the_document_has_every_host():
    document = check_document([bad("a"), gone("b")])
    assert [(host["name"], host["status"]) for host in document["hosts"]] == [
        ("a", "unsupported"),
        ("b", "unreachable"),
    ]
