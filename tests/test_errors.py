from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import DaemonConfigurationError
from provisioner.masking import masked, secret_spans

PIECES = st.lists(
    st.sampled_from(
        ['"registry-token"', ":", '"s3cr3t"', ",", " ", "\n", "{", "}", '"http://me:s3cr3t@proxy"', '"debug"', "true", "x",
         "\t", '"a', "[", "]"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


def told(text, offset):
    error = DaemonConfigurationError("what", path="/etc/docker/daemon.json", text=text, offset=offset)
    _, quoted, caret = error.message.split("\n")
    return error, quoted, caret.index("^")


@given(PIECES, st.data())
def test_the_caret_stands_below_its_character(text, data):
    offset = data.draw(st.integers(0, len(text)))
    error, quoted, caret = told(text, offset)
    assert "me:s3cr3t" not in quoted
    char = text[offset : offset + 1]
    hidden = any(start <= offset < end for start, end in secret_spans(text))
    if char.strip() and not hidden and quoted[caret : caret + 1] != "*":
        assert quoted[caret] == char
    assert masked(error.message) == error.message


def test_a_value_on_a_line_of_its_own_is_hidden_too():
    text = '{"registry-token":\n  "s3cr3t" x}'
    _, quoted, caret = told(text, text.index("x}"))
    assert quoted == '      "***" x}'
    assert quoted[caret] == "x"


@pytest.mark.parametrize("before", ["", " " * 5], ids=["begin", "later"])
def test_a_huge_line_is_quoted_at_once(before):
    text = before + '{"a": ' + "x" * 1_000_000
    _, quoted, caret = told(text, text.index("x"))
    assert len(quoted) < 110
    assert quoted[caret] == "x"
