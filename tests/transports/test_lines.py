"""Bytes of a stream, in whatever pieces they come: exact, in linear time, and with a limit."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.transports import limits
from provisioner.transports.lines import Lines, TooMuchError


def fed(chunks):
    heard = []
    lines = Lines(heard.append)
    for chunk in chunks:
        lines.feed(chunk)
    return lines.text(), heard


@given(st.lists(st.binary(max_size=12).map(lambda piece: piece.replace(b"\x00", b"\n"))))
def test_pieces_make_no_difference(chunks):
    whole = b"".join(chunks).decode("utf-8", "surrogateescape")
    text, heard = fed(chunks)
    assert text == whole
    assert heard == (whole.removesuffix("\n").split("\n") if whole else [])


def test_a_long_line_in_small_pieces_takes_time_in_proportion():
    def seconds(size):
        began = time.process_time()
        fed([b"x" * 64] * (size // 64))
        return time.process_time() - began

    seconds(limits.LINE // 8)
    short, long = min(seconds(limits.LINE // 8) for _ in range(3)), min(seconds(limits.LINE) for _ in range(3))
    assert long < 40 * max(short, 0.001), (short, long)


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        pytest.param(b"x", "a line of more than 1 MiB", id="one line, a byte at a time"),
        pytest.param(b"x" * 65536, "a line of more than 1 MiB", id="one line"),
        pytest.param(b"y" * 31 + b"\n", "more than 12 MiB", id="lines"),
        pytest.param(b"y" * 1000 + b"\n", "more than 12 MiB", id="long lines"),
    ],
)
def test_what_has_no_end_is_given_up_with_little_memory(piece, said):
    lines = Lines(lambda _: None)
    tracemalloc.start()
    with pytest.raises(TooMuchError, match=said):
        deque(map(lines.feed, itertools.repeat(piece)), maxlen=0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 3 * limits.ANSWER


def test_a_long_line_is_fine_where_nobody_listens_line_by_line():
    lines = Lines()
    for _ in range(160):
        lines.feed(b"x" * 65536)
    assert len(lines.text()) == 160 * 65536
