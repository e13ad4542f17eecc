"""Registries on loopback that behave, and some that do not."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BIG = b"0123456789abcdef" * 65536
"""A layer of 1 MiB."""


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def image(created="2026-08-01T00:00:00Z", layer=b"layer"):
    """Return the documents of an image by path below /v2/NAME/, and the digest of its index."""
    config = json.dumps({"architecture": "amd64", "created": created, "os": "linux", "history": []}).encode()
    blobs = {sha256(config): config, sha256(layer): layer}
    manifest = json.dumps({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": sha256(config), "size": 9},
        "layers": [
            {"mediaType": "x", "digest": sha256(b""), "size": 1},
            {"mediaType": "x", "size": len(layer), "digest": sha256(layer)},
        ],
    }, indent=3).encode()  # fmt: skip
    platforms = [
        {
            "mediaType": MANIFEST,
            "digest": "sha256:" + "0" * 64,
            "size": 1,
            "platform": {"architecture": "arm", "os": "linux"},
        },
        *(
            {
                "mediaType": MANIFEST,
                "digest": sha256(manifest),
                "size": 1,
                "platform": {"architecture": name, "os": "linux"},
            }
            for name in ("amd64", "arm64")
        ),
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": platforms}, indent=3).encode()
    pages = {f"blobs/{digest}": (content, "application/octet-stream") for digest, content in blobs.items()}
    pages[f"manifests/{sha256(manifest)}"] = (manifest, MANIFEST)
    pages["manifests/latest"] = pages[f"manifests/{sha256(index)}"] = (index, INDEX)
    return pages, sha256(index)


class Registry:
    """What one server does. Subclasses change single answers."""

    token = ""

    def __init__(self, **images):
        self.pages = {}
        for name, (pages, _) in (images or {"hello_world": image()}).items():
            repository = name.replace("hello_world", "library/hello-world").replace("__", "/")
            self.pages |= {f"/v2/{repository}/{path}": page for path, page in pages.items()}
        self.asked = []
        self.tokens_seen = []
        self.url = ""

    def answer(self, method, path, headers):
        """Return status, headers, body."""
        if path.startswith("/token?"):
            return self.tokens(path)
        if self.token and headers.get("Authorization") != f"Bearer {self.token}":
            challenge = f'Bearer realm="{self.url}/token",service="a registry",scope="repository:x:pull"'
            return 401, {"WWW-Authenticate": challenge, "Content-Type": "application/json"}, b'{"errors": []}'
        if path == "/v2/":
            return 200, {"Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0"}, b"{}"
        return self.page(path)

    def tokens(self, path):
        assert "service=a%20registry" in path
        assert "scope=repository:" in path
        return 200, {"Content-Type": "application/json"}, json.dumps({"token": self.token, "expires_in": 300}).encode()

    def page(self, path):
        if path in self.pages:
            body, kind = self.pages[path]
            return 200, {"Content-Type": kind, "Docker-Content-Digest": sha256(body)}, body
        return 404, {"Content-Type": "application/json"}, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'


class Fixed(Registry):
    """The same answer to everything."""

    def __init__(self, status, body=b"{}", **headers):
        super().__init__()
        self.fixed = status, {name.replace("_", "-"): value for name, value in headers.items()}, body

    def answer(self, method, path, headers):
        return self.fixed


class WithToken(Registry):
    token = "aToken.with-dots_"


class RefusedToken(WithToken):
    def tokens(self, path):
        return 403, {}, b"no"


class AllowList(Registry):
    def page(self, path):
        return 403, {"Content-Type": "application/json"}, b'{"errors": [{"code": "DENIED"}]}'


class NoPing(Registry):
    """Serves images and knows nothing of /v2/."""

    def answer(self, method, path, headers):
        return (404, {}, b"") if path == "/v2/" else super().answer(method, path, headers)


class Damaged(Registry):
    def page(self, path):
        status, headers, body = super().page(path)
        return status, headers, body.replace(b"created", b"creatid") if "/blobs/" in path else body


class Redirecting(Registry):
    """Blobs come from elsewhere, as with every large registry."""

    def page(self, path):
        if path.startswith("/v2/") and "/blobs/" in path:
            return 307, {"Location": path.replace("/v2/", "/storage/")}, b""
        return super().page(path.replace("/storage/", "/v2/"))


class Moved(Registry):
    """Sends on to `place` whatever path begins with `below`, as http sends on to https and old names to new ones."""

    def __init__(self, place, status=301, below="/", location=None):
        super().__init__()
        self.place, self.status, self.below, self.location = place, status, below, location

    def answer(self, method, path, headers):
        if not path.startswith(self.below):
            return super().answer(method, path, headers)
        page = b"<html>moved</html>"
        location = self.place + path if self.location is None else self.location
        return self.status, {"Content-Type": "text/html", "Location": location}, page


BLOBS = "/v2/library/hello-world/blobs/"


class Slow(Registry):
    def __init__(self, seconds, **images):
        super().__init__(**images)
        self.seconds = seconds

    def page(self, path):
        time.sleep(self.seconds)
        return super().page(path)


def certified(folder, name):
    """Return (context, certificate file) of a server that is called `name`, signed by itself."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "2"]
    words += ["-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


@contextlib.contextmanager
def serving(registry, tls=None, address="127.0.0.1"):
    """Serve `registry` on a port of its own; its URL is in `registry.url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self, *, body=True):
            registry.asked.append((self.command, self.path))
            registry.tokens_seen.append(self.headers.get("Authorization", ""))
            status, headers, content = registry.answer(self.command, self.path, self.headers)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(content)

        def do_HEAD(self):
            self.do_GET(body=False)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    registry.url = f"http://{address}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def silent():
    """A port that accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


TAKEN = []
"""Sockets that nobody listens at, kept so that no server of another test gets their port."""


def dead_url():
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    TAKEN.append(taken)
    return f"http://127.0.0.1:{taken.getsockname()[1]}"


class Proxy(Registry):
    """A forward proxy on loopback that knows `names` (host of a URL -> registry); `login` is what it wants to see."""

    def __init__(self, login="", **names):
        super().__init__()
        self.names = {name.replace("_", "."): registry for name, registry in names.items()}
        self.login, self.through = login, []

    def answer(self, method, path, headers):
        host = path.removeprefix("http://").partition("/")[0]
        self.through.append(host)
        if headers.get("Proxy-Authorization", "") != self.login:
            return 407, {"Proxy-Authenticate": 'Basic realm="proxy"'}, b"login"
        if host not in self.names:
            return 503, {"Content-Type": "text/html"}, b"<html>no such host"
        return self.names[host].answer(method, "/" + path.removeprefix("http://").partition("/")[2], headers)


@contextlib.contextmanager
def tunnelling(port):
    """A proxy that answers every CONNECT with a way to `port` of loopback; yields (URL, names that were asked for)."""
    asked = []

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)

    def serve(client):
        with client, contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            asked.append(head.split()[1].decode())
            client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
            with socket.create_connection(("127.0.0.1", port)) as server:
                threading.Thread(target=pump, args=(client, server), daemon=True).start()
                pump(server, client)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
