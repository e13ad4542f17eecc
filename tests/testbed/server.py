"""Serves a package source under several base paths: python -m tests.testbed.server ADDRESS PORT TREE.

The first part of a path is the variant; below each lies the same tree, wrong in one way. Files below TREE/variants
come in place of those that all the others have.
"""

from __future__ import annotations

import base64
import shutil
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VARIANTS = {
    "good": "nothing is wrong",
    "wrongkey": "the published key is not the one that signed",
    "missing": "the releases are not there",
    "slow": "connections are accepted and nothing is ever answered",
    "broken": "the package list is another one than the index says, as during a synchronisation",
    "dies": "the lists come, and then the engine's packages break off in the middle",
    "lies": "the engine's packages are not the ones that the list names",
    "otherkey": "the published key is the right one, and another one has signed",
    "lacks": "the list does not have containerd.io, which the engine needs",
    "guarded": "the login LOGIN is asked for",
    "only-plain": "apt lists are there as they are, in no packing",
    "only-xz": "apt lists are there packed with xz alone",
}
ONE_LIST = {"only-plain": "Packages", "only-xz": "Packages.xz"}
"""The only list that these variants have."""

LOGIN = ("mirror-user", "s3cr-et%x")
"""Name and password of the variant guarded."""

SCRIPT = Path(__file__).with_name("convenience.sh")
"""Below each variant as get-docker.sh."""

LISTS = ("Packages", "Packages.gz", "Packages.xz", "primary.xml.gz")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tree = Path()

    def do_GET(self) -> None:
        variant, _, path = self.path.lstrip("/").partition("/")
        if variant == "slow":
            self.log_request(0)
            threading.Event().wait()
        if variant == "guarded" and not self._logged_in():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="packages"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        file = SCRIPT if path == "get-docker.sh" else self._find(variant, path.partition("?")[0])
        if file is None:
            self.send_error(404)
            return
        tail = b"\n" if variant == "broken" and file.name.endswith(LISTS) else b""
        head = self._repository(variant, file) if file.suffix == ".repo" else None
        size = len(head) if head is not None else file.stat().st_size + len(tail)
        engine = file.name.startswith("docker-ce") and file.suffix in {".deb", ".rpm"}
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command == "HEAD":
            return
        if head is not None:
            self.wfile.write(head)
            return
        with file.open("rb") as content:
            if engine and variant == "dies":
                self.wfile.write(content.read(size // 2))
                self.close_connection = True
            elif engine and variant == "lies":
                self.wfile.write(content.read()[:-1] + b"?")
            else:
                shutil.copyfileobj(content, self.wfile)
        self.wfile.write(tail)

    do_HEAD = do_GET  # noqa: N815 # the name is what the base class calls

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 # the name is inherited
        if not format.startswith("code"):
            super().log_message(format, *arguments)

    def log_date_time_string(self) -> str:
        return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())  # as the registry writes it

    def _logged_in(self) -> bool:
        expected = base64.b64encode(":".join(LOGIN).encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

    def _find(self, variant: str, path: str) -> Path | None:
        if variant not in VARIANTS or ".." in urllib.parse.unquote(path).split("/"):
            return None
        name = path.rpartition("/")[2]
        if variant == "missing" and name not in {"gpg", "docker-ce.repo"}:
            return None
        if variant == "wrongkey" and name == "gpg":
            path += ".other"
        if variant in ONE_LIST and name.startswith("Packages") and name != ONE_LIST[variant]:
            return None
        if name == "docker-ce.repo":
            path = f"{path.rpartition('/')[0]}.repo"
        plain = urllib.parse.unquote(path)
        places = (self.tree / "variants" / variant / plain, self.tree / plain)
        return next((file for file in places if file.is_file()), None)

    def _repository(self, variant: str, file: Path) -> bytes:
        base = f"http://{self.headers.get('Host', '')}/{variant}"
        return file.read_text().replace("{base}", base).encode()


def main() -> None:
    address, port, tree = sys.argv[1:]
    Handler.tree = Path(tree)
    ThreadingHTTPServer((address, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
