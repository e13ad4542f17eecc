from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture
def serve():
    """Serve a mapping of paths to bytes, or to seconds of silence; the answer is the server's URL."""
    servers = []

    def start(tree):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = tree.get(self.path)
                if isinstance(body, (int, float)):
                    time.sleep(body)
                    body = None
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
