"""A pretended engine: a socket of a path that answers requests of HTTP as a test has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

Answer = Callable[[str], "tuple[int, bytes] | None"]
"""What there is at a path: status and body; None hangs up."""


class EngineSocket(ThreadingMixIn, UnixStreamServer):
    """`logins` are the X-Registry-Auth of the requests so far, None for those without one."""

    daemon_threads = True

    def __init__(self, path: Path, answer: Answer) -> None:
        super().__init__(str(path), _Handler)
        self.answer = answer
        self.logins: list[str | None] = []

    @property
    def url(self) -> str:
        """As DOCKER_HOST has it."""
        return f"unix://{self.server_address}"


@contextmanager
def engine_socket(path: Path, answer: Answer) -> Iterator[EngineSocket]:
    with EngineSocket(path, answer) as engine:
        threading.Thread(target=engine.serve_forever, args=(0.02,), daemon=True).start()
        yield engine
        engine.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: EngineSocket

    def do_GET(self) -> None:
        self.server.logins.append(self.headers.get("X-Registry-Auth"))
        if (answer := self.server.answer(self.path)) is None:
            return
        status, body = answer
        self.send_response(status)
        self.send_header("API-Version", "1.38")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def address_string(self) -> str:
        return "here"

    def log_message(self, *_: object) -> None:
        pass
