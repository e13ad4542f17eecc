"""What containers print, as it comes; of several hosts each line behind the name of its host."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from provisioner.report import gate
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document
from provisioner.runs.image_run import Ran
from provisioner.transports import limits
from provisioner.transports.base import Feed

LONGEST = 1 << 16
"""Bytes of a line that are waited for."""


class Plain:
    """The output of one host, to the byte."""

    def out(self, host: str) -> Feed:
        del host
        return _exact("stdout")

    def err(self, host: str) -> Feed:
        del host
        return _exact("stderr")

    def ended(self, host: str) -> None:
        del host

    def warn(self, text: str) -> None:
        gate.remark(f"warning: {text}")


class Prefixed(Plain):
    """The output of many hosts, a whole line at a time behind the host's name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: dict[str, list[_ByLine]] = {}

    def out(self, host: str) -> Feed:
        return self._by_line(host, gate.result)

    def err(self, host: str) -> Feed:
        return self._by_line(host, gate.remark)

    def ended(self, host: str) -> None:
        for stream in self._begun.pop(host, ()):
            stream.end()

    def _by_line(self, host: str, tell: Callable[[str], None]) -> Feed:
        def told(line: str) -> None:
            with self._lock:
                tell(f"{host}: {line}")

        stream = _ByLine(told)
        self._begun.setdefault(host, []).append(stream)
        return stream.feed


class Kept(Plain):
    """The end of what each host's container prints, for a document."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytearray] = defaultdict(bytearray)

    def out(self, host: str) -> Feed:
        return self._keep(host, "stdout")

    def err(self, host: str) -> Feed:
        return self._keep(host, "stderr")

    def document(self, ran: Sequence[Ran]) -> dict[str, Any]:
        """The JSON document of `image run`: `output` and `errors` are the ends of both streams."""
        return document(
            "image run",
            status=overall([row.exit_code == 0 for row in ran]),
            hosts=[
                {
                    "name": row.host,
                    "exit_status": row.status,
                    "output": self._text(row.host, "stdout"),
                    "errors": self._text(row.host, "stderr"),
                    "error": failure_document(row.error),
                }
                for row in ran
            ],
        )

    def _keep(self, host: str, stream: str) -> Feed:
        kept = self._kept[host, stream]

        def feed(chunk: bytes) -> None:
            kept.extend(chunk)
            if len(kept) > 2 * limits.STEP_LOG:
                del kept[: -limits.STEP_LOG]

        return feed

    def _text(self, host: str, stream: str) -> str:
        return self._kept[host, stream][-limits.STEP_LOG :].decode("utf-8", "replace")


class _ByLine:
    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> None:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            self._rest += line
            self._flush()
        self._rest += rest
        if len(self._rest) > LONGEST:
            self._flush()

    def end(self) -> None:
        if self._rest:
            self._flush()

    def _flush(self) -> None:
        line = self._rest.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        self._rest.clear()
        self._tell(line)


def _exact(stream: gate.Stream) -> Feed:
    def feed(chunk: bytes) -> None:
        gate.exact(chunk.decode("utf-8", "surrogateescape"), end="", stream=stream)

    return feed
