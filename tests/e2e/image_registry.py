"""A registry of this process: its tags can move, its content can come slowly, break off or be refused.

What a real registry does is tested with `bed.mirrors`; this one does what cannot be told to a real one.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.testbed.engine import bridge_address

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CREATED = "2026-01-01T00:00:00Z"
CHUNK = 1 << 14


@dataclass
class Request:
    """One request: who asked, for what, and from when to when it was answered; seconds of the monotonic clock."""

    client: str
    path: str
    began: float
    ended: float = 0.0


class ImageRegistry:
    """`refuse`: (status, code, message) instead of manifests. `login`: USER:PASSWORD in base64, without which there is
    nothing. `seconds`: how long every blob takes at least.

    `breaks_after`: after so many bytes of a layer nothing more is answered, by a mirror that died.
    """

    def __init__(self) -> None:
        self.blobs: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[tuple[str, str], str] = {}
        self.refuse: tuple[int, str, str] | None = None
        self.login = ""
        self.seconds = 0.0
        self.breaks_after: int | None = None
        self.dead = False
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        registry = self

        class Handler(_Handler):
            of = registry

        self._server = ThreadingHTTPServer((bridge_address(), 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"{host}:{port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def well(self) -> None:
        """Nothing is wrong any more, and nobody has asked yet."""
        self.login = ""
        self.refuse, self.seconds, self.breaks_after, self.dead = None, 0.0, None, False
        self.requests.clear()

    def put(
        self,
        repository: str,
        tag: str,
        *layers: bytes,
        architectures: tuple[str, ...] = ("amd64",),
        created: str = CREATED,
    ) -> str:
        """Have `repository`:`tag` name an index of images with these layers; return its digest."""
        manifests = []
        for architecture in architectures:
            digest, size = self._manifest(layers, architecture, created)
            platform = {"os": "linux", "architecture": architecture}
            manifests.append({"mediaType": MANIFEST, "size": size, "digest": digest, "platform": platform})
        digest, _ = self._json(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
        self.tags[repository, tag] = digest
        return digest

    def most_at_once(self) -> int:
        """How many clients had a pull in progress at the same time: from the manifest they asked for to their last blob."""
        spans: dict[str, list[float]] = {}
        for request in self.requests:
            span = spans.setdefault(request.client, [request.began, request.ended])
            span[0], span[1] = min(span[0], request.began), max(span[1], request.ended)
        events = sorted([(began, 1) for began, _ in spans.values()] + [(ended, -1) for _, ended in spans.values()])
        now = most = 0
        for _, step in events:
            now += step
            most = max(most, now)
        return most

    def asked(self, client: str, path: str) -> int:
        """How often `client` asked for what has `path` in its path."""
        return sum(request.client == client and path in request.path for request in self.requests)

    def noted(self, client: str, path: str) -> Request:
        request = Request(client, path, time.monotonic())
        with self._lock:
            self.requests.append(request)
        return request

    def _manifest(self, layers: tuple[bytes, ...], architecture: str, created: str) -> tuple[str, int]:
        packed, whole = [], []
        for content in layers:
            archive = io.BytesIO()
            with tarfile.open(fileobj=archive, mode="w") as tar:
                entry = tarfile.TarInfo(f"content-{hashlib.sha256(content).hexdigest()[:12]}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            whole.append(f"sha256:{hashlib.sha256(archive.getvalue()).hexdigest()}")
            packed.append((LAYER, self._blob(LAYER, gzip.compress(archive.getvalue(), 1, mtime=0))))
        config = {
            **({"created": created} if created else {}),
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": whole},
            "history": [{"created": CREATED, "created_by": "a test"} for _ in layers],
        }
        digest, size = self._json(CONFIG, config)
        return self._json(
            MANIFEST,
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "size": size, "digest": digest},
                "layers": [{"mediaType": kind, "size": size, "digest": digest} for kind, (digest, size) in packed],
            },
        )

    def _json(self, kind: str, value: object) -> tuple[str, int]:
        return self._blob(kind, json.dumps(value, indent=3).encode())

    def _blob(self, kind: str, content: bytes) -> tuple[str, int]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.blobs[digest] = (kind, content)
        return digest, len(content)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # who speaks TLS is answered in HTTP, as by other servers
    of: ImageRegistry

    def do_GET(self) -> None:
        if self.of.dead:
            self.close_connection = True
            return
        request = self.of.noted(self.client_address[0], self.path)
        try:
            self._answer()
        except OSError:
            self.close_connection = True
        finally:
            request.ended = time.monotonic()

    do_HEAD = do_GET  # noqa: N815 # the name is what the base class calls

    def log_message(self, *_: object) -> None:
        """`requests` is the log."""

    def _answer(self) -> None:
        if self.of.login and self.headers.get("Authorization") != f"Basic {self.of.login}":
            self._refuse(401, "UNAUTHORIZED", "authentication required")
            return
        if self.path == "/v2/":
            self._send(200, "application/json", b"{}")
            return
        match = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/([^/?]+)(\?.*)?", self.path)
        if match is None:
            self._send(404, "application/json", b"{}")
            return
        repository, what, name = match[1], match[2], match[3]
        if what == "manifests" and self.of.refuse:
            self._refuse(*self.of.refuse)
            return
        digest = name if ":" in name else self.of.tags.get((repository, name), "")
        if digest not in self.of.blobs:
            self._refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")
            return
        kind, content = self.of.blobs[digest]
        if what == "blobs" and kind == LAYER:
            self._layer(content)
        else:
            self._send(200, kind, content, digest)

    def _layer(self, content: bytes) -> None:
        self._head(200, "application/octet-stream", len(content))
        if self.command == "HEAD":
            return
        pieces = max(1, len(content) // CHUNK)
        for start in range(0, len(content), CHUNK):
            if self.of.breaks_after is not None and start >= self.of.breaks_after:
                self.of.dead = True
            if self.of.dead:
                self.close_connection = True
                return
            time.sleep(self.of.seconds / pieces)
            self.wfile.write(content[start : start + CHUNK])

    def _refuse(self, status: int, code: str, message: str) -> None:
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self._send(status, "application/json", body)

    def _send(self, status: int, kind: str, body: bytes, digest: str = "") -> None:
        self._head(status, kind, len(body), digest)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, kind: str, size: int, digest: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="registry"')
        if digest:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
