"""Bytes of a stream -> text, and complete lines as they arrive."""

from __future__ import annotations

from provisioner.transports.base import OnLine


class Lines:
    """Collects one stream; passes each complete line on."""

    def __init__(self, on_line: OnLine | None = None) -> None:
        self._chunks: list[bytes] = []
        self._rest = b""
        self._on_line = on_line

    def feed(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        if self._on_line is None:
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._on_line(line.decode("utf-8", "surrogateescape"))

    def text(self) -> str:
        if self._rest and self._on_line is not None:
            self._on_line(self._rest.decode("utf-8", "surrogateescape"))
            self._rest = b""
        return b"".join(self._chunks).decode("utf-8", "surrogateescape")
