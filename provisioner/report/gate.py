"""The one way out for text: results go to stdout, everything else to stderr.

What leaves here shows no secret, and nothing that came from a host, a server, a file or an argument acts on the
terminal. Trouble with the streams never disturbs the work: a terminal that is gone, a full disk or a reader that has
heard enough silence the stream, and `close` tells of it at the end.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

from provisioner.masking import HIDDEN, replaced, secret_spans, visible
from provisioner.report.json_text import json_text
from provisioner.report.paint import uncoloured

Stream = Literal["stdout", "stderr"]

_trouble: dict[str, tuple[TextIO, Exception]] = {}
"""What was wrong with which stream, by its name; nothing is written to it any more."""


def open_streams() -> None:
    """Make sure that there are streams, and that no character fails on its way through them."""
    _trouble.clear()
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before we began
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 # for as long as we run
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace" if name == "stdin" else "backslashreplace")


def close() -> str:
    """Flush what others wrote, such as --help; return what was wrong with stdout, "" when nothing was.

    A reader that closed it has heard enough, which is nothing wrong.
    """
    _write("stdout", "")
    _, trouble = _trouble.get("stdout", (None, None))
    if trouble is None or isinstance(trouble, BrokenPipeError):
        return ""
    return str(getattr(trouble, "strerror", None) or trouble)


def result(text: str, *, end: str = "\n") -> None:
    """Print what the command was asked for."""
    _write("stdout", shown(text) + end)


def document(content: Mapping[str, Any]) -> None:
    """Print the result as one JSON document."""
    _write("stdout", json_text(content) + "\n")


def exact(text: str, *, end: str = "\n", stream: Stream = "stdout") -> None:
    """Print a result that programs take as it is, such as a script, to the byte; a terminal gets what it can bear."""
    there = getattr(sys, stream)
    if there.isatty() or not hasattr(there, "buffer"):
        _write(stream, visible(text) + end)
    else:
        try:
            content = (text + end).encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # surrogates that stand for no byte
            content = (text + end).encode("utf-8", "backslashreplace")
        _write(stream, content)


def remark(text: str, *, end: str = "\n") -> None:
    """Print what is not the result: progress, warnings, questions, errors."""
    _write("stderr", shown(text) + end)


def shown(text: str) -> str:
    """Return `text` as people see it: secrets masked, our own colours as they are, other control characters escaped."""
    bare, codes = uncoloured(text)
    spans = secret_spans(bare)
    if not codes:
        return visible(replaced(bare, spans))
    parts = []
    position, ahead = 0, [*spans, (len(bare), len(bare))]
    ahead.reverse()
    for offset, code in [*codes, (len(bare), "")]:
        while position < offset:
            start, end = ahead[-1]
            if position < start:
                begin, position = position, min(start, offset)
                parts.append(visible(bare[begin:position]))
                continue
            if position == start:
                parts.append(HIDDEN)
            position = min(end, offset)
            if position == end:
                ahead.pop()
        parts.append(code)
    return "".join(parts)


class Stderr:
    """stderr as it is now, for who draws on it with escape sequences of its own; writing to it never fails."""

    def __init__(self) -> None:
        self._stream: TextIO = sys.stderr
        self.encoding = getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        _write("stderr", text, self._stream)
        return len(text)

    def flush(self) -> None:
        """Every write is flushed."""

    def isatty(self) -> bool:
        return self._stream.isatty()


def _write(name: Stream, text: str | bytes, stream: TextIO | None = None) -> None:
    stream = stream or getattr(sys, name)
    if name in _trouble and _trouble[name][0] is stream:
        return
    try:
        if isinstance(text, bytes):
            stream.flush()
            stream.buffer.write(text)
        else:
            stream.write(text)
        stream.flush()
    except (OSError, ValueError) as cause:  # ValueError: somebody has closed it
        _trouble[name] = stream, cause
        with contextlib.suppress(OSError, ValueError):  # what is left in it would fail again when Python ends
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
