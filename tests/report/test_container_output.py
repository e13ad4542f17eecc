"""What containers print, as it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ApplyError
from provisioner.report import container_output
from provisioner.report.container_output import Kept, Plain, Prefixed
from provisioner.runs.image_run import Ran
from provisioner.transports import limits


def test_one_hosts_output_is_what_it_was(capfdbinary):
    plain = Plain()
    for piece in (b"a\xff", b"b\r\n", b"c"):
        plain.out("web")(piece)
    plain.err("web")(b"\x00error")
    assert capfdbinary.readouterr() == (b"a\xffb\r\nc", b"\x00error")


@given(st.lists(st.sampled_from(["one\n", "t", "wo", "\n", "three\r\n", ""]), max_size=8))
def test_lines_of_many_hosts_are_whole_and_behind_their_name(pieces):
    told = []
    stream = container_output._ByLine(told.append)  # what both streams of every host go through
    for piece in pieces:
        stream.feed(piece.encode())
    stream.end()
    lines = "".join(pieces).replace("\r\n", "\n").split("\n")
    assert told == (lines if lines[-1] else lines[:-1])


def test_streams_of_many_hosts(capsys):
    prefixed = Prefixed()
    out, err = prefixed.out("web"), prefixed.err("web")
    out(b"half")
    prefixed.out("db")(b"\x1b[2Jwhole\n")
    err(b"wrong\n")
    out(b" a line\nand a rest")
    prefixed.ended("web")
    prefixed.ended("web")
    assert capsys.readouterr() == ("db: \\x1b[2Jwhole\nweb: half a line\nweb: and a rest\n", "web: wrong\n")


def test_a_line_without_an_end_is_not_waited_for(capsys):
    prefixed = Prefixed()
    prefixed.out("web")(b"x" * (container_output.LONGEST + 1))
    assert capsys.readouterr().out == f"web: {'x' * (container_output.LONGEST + 1)}\n"


def test_the_ends_of_what_was_printed_are_kept():
    kept = Kept()
    out = kept.out("web")
    for _ in range(3):
        out(b"x" * limits.STEP_LOG)
    out(b"end")
    kept.err("db")(b"wrong")
    rows = [Ran("web", 3), Ran("db", error=ApplyError("it was killed", hint="run it again"))]
    document = kept.document(rows)
    web, db = document["hosts"]
    assert len(web["output"]) == limits.STEP_LOG
    assert web["output"].endswith("xend")
    assert (web["exit_status"], web["errors"], web["error"]) == (3, "", None)
    assert (db["exit_status"], db["output"], db["errors"], db["error"]["message"]) == (
        None,
        "",
        "wrong",
        "it was killed",
    )
    assert document["status"] == "failed"


@pytest.mark.parametrize("rows", [[Ran("web", 0)], [Ran("web", 0), Ran("db", 0)]])
def test_all_is_well(rows):
    assert Kept().document(rows)["status"] == "ok"
