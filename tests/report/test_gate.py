"""What leaves the program, and what happens to streams that do not take it."""

from __future__ import annotations

import io
import json
import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from provisioner.masking import masked, masked_document, visible
from provisioner.report import gate
from provisioner.report.json_text import json_text
from provisioner.report.paint import coloured, plain

OURS = re.compile("\x1b\\[(?:0|1|31|32|33|35)m")
HOSTILE = st.text(st.sampled_from("\x00\x1b[]31m;\x07\x9b\x85\u202e\u2028\ud800\n\tab /:@=\"'token?"), max_size=40)
PARTS = st.lists(st.tuples(HOSTILE, st.sampled_from(["", "bold", "red", "green"])), max_size=6)


@given(PARTS)
def test_only_our_colours_reach_the_terminal(parts):
    shown = gate.shown("".join(coloured(text, colour) for text, colour in parts))
    painted = sum(bool(colour) for _, colour in parts)
    assert len(OURS.findall(shown)) == 2 * painted
    for char in OURS.sub("", shown):
        assert char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
        assert char != "\u202e"


@given(PARTS)
def test_colours_change_nothing_else(parts):
    painted = gate.shown("".join(coloured(text, colour) for text, colour in parts))
    assert OURS.sub("", painted) == gate.shown("".join(plain(text, colour) for text, colour in parts))
    assert OURS.sub("", painted) == visible(masked("".join(text for text, _ in parts)))


def test_colours_cannot_be_forged():
    ours = coloured("x", "green")
    assert gate.shown(ours) == "\x1b[32mx\x1b[0m"
    mark = ours.partition("\x1b")[0]
    for forged in ("\x1b[32mx\x1b[0m", "\x00" * 18 + "\x1b[32m", "\x00" + "0" * 16 + "\x00\x1b[32m"):
        assert "\x1b" not in gate.shown(forged)
        assert gate.shown(coloured(forged, "red")).count("\x1b") == 2
    assert len(mark) > 16


def test_a_secret_over_two_painted_lines_is_hidden():
    lines = ['+"token": [', '+  "s3cr3t",', '+  "b"', "+]"]
    shown = gate.shown("\n".join(coloured(line, "green") for line in lines))
    assert "s3cr3t" not in shown
    assert shown.count("\x1b[32m") == shown.count("\x1b[0m") == 4


class Failing(io.StringIO):
    def __init__(self, error):
        super().__init__()
        self.error, self.asked = error, 0

    def write(self, text):
        self.asked += 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (BrokenPipeError(32, "Broken pipe"), ""),
        (ValueError("I/O operation on closed file"), "I/O operation on closed file"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_stream_that_fails_is_left_alone_and_told_of_at_the_end(monkeypatch, error, told):
    stream = Failing(error)
    monkeypatch.setattr("sys.stdout", stream)
    gate.open_streams()
    for _ in range(3):
        gate.result("x")
        gate.document({"a": 1})
        gate.exact("x")
    assert gate.close() == told
    assert stream.asked == 1


def test_a_failing_stderr_disturbs_nobody(monkeypatch):
    monkeypatch.setattr("sys.stderr", Failing(OSError(5, "Input/output error")))
    gate.open_streams()
    gate.remark("x")
    assert gate.close() == ""


def test_a_stream_of_few_characters_gets_escapes(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    gate.open_streams()
    gate.result("caf\u00e9 \u963f caf\udce9")
    assert stream.buffer.getvalue() == b"caf\\xe9 \\u963f caf\\udce9\n"


def test_streams_that_were_closed_are_nowhere(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", None)
    gate.open_streams()
    gate.result("x")
    gate.remark("x")
    assert gate.close() == ""
    for name in ("stdin", "stdout", "stderr"):
        getattr(gate.sys, name).close()


def test_what_programs_take_is_exact_but_for_a_terminal(monkeypatch):
    text = "printf '\x1b[0m' # caf\udce9 token=abc\n"
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr("sys.stdout", stream)
    gate.exact(text, end="")
    assert stream.buffer.getvalue() == b"printf '\x1b[0m' # caf\xe9 token=abc\n"
    gate.exact("\ud800", end="")
    assert stream.buffer.getvalue().endswith(b"\\ud800")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdout", Terminal())
    gate.exact(text, end="")
    assert gate.sys.stdout.getvalue() == "printf '\\x1b[0m' # caf\\udce9 token=abc\n"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | HOSTILE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


@given(VALUES)
def test_json_is_exact_but_for_secrets(value):
    text = json_text({"value": value})
    assert all(" " <= char < "\x7f" or char == "\n" for char in text)
    assume(masked_document(value) == value)
    assert json.loads(text) == {"value": value}


def test_numbers_that_json_has_no_word_for():
    assert json.loads(json_text({"a": float("inf"), "b": [float("nan")], "c": {"d": 1e308}})) == {
        "a": None,
        "b": [None],
        "c": {"d": 1e308},
    }
