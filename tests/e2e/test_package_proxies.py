"""A package source that only the package manager's own proxy leads to."""

from __future__ import annotations

import http.server
import shutil
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.e2e.command_line import outcomes, provisioner
from tests.testbed.engine import bridge_address

pytestmark = pytest.mark.e2e
NAME = "packages.corp.invalid"


@pytest.fixture(scope="module")
def proxy(bed):
    """The URL of a proxy that knows NAME, which no host resolves: it is the source of the bed."""
    behind = urlsplit(bed.source.url)

    class Forward(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = urlsplit(self.path)
            if asked.hostname != NAME:
                self.send_error(403)
                return
            try:
                answer = urllib.request.urlopen(f"http://{behind.netloc}{asked.path}", timeout=20)
            except urllib.error.HTTPError as error:
                self.send_error(error.code)
                return
            with answer:
                self.send_response(200)
                self.send_header("Content-Length", answer.headers["Content-Length"])
                self.end_headers()
                shutil.copyfileobj(answer, self.wfile)

        def log_message(self, *_): ...

    with http.server.ThreadingHTTPServer((bridge_address(), 0), Forward) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{bridge_address()}:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("debian-13", f"echo 'Acquire::http::Proxy::{NAME} \"PROXY\";' >/etc/apt/apt.conf.d/90corp"),
        ("centos-9-lookalike", "printf '[main]\\nproxy=PROXY\\n' >/etc/dnf/dnf.conf"),
        ("debian-12", "echo 'http_proxy=\"PROXY\"' >>/etc/environment"),
    ],
    ids=["apt", "dnf", "environment"],
)
def test_only_the_apt_proxy_leads_out(bed, proxy, slug, said):
    host = bed.start(slug, name="behind-a-proxy")
    try:
        source = (
            "--source", f"http://{NAME}/{bed.source.path}", "--source-fingerprint", bed.source.fingerprint
        )  # fmt: skip
        refused = provisioner(bed, "plan", *source, host.target)
        assert refused.returncode == 5, refused.stdout
        host.sh(said.replace("PROXY", proxy))
        offered = outcomes(bed, "versions", *source, host.target)[host.target]
        assert offered["versions"], offered
        if slug == "debian-12":  # sudo gives root another environment than its login has
            outcomes(bed, "versions", *source, host.target_as("ops"))
        planned = outcomes(bed, "plan", *source, "--docker-version", "26.1", host.target)[host.target]
        assert planned["strategy"] in {"apt-repo", "rpm-repo"}, planned
        if slug == "debian-13":
            outcomes(bed, "apply", *source, "--docker-version", "26.1", host.target, "--yes")
            assert "26.1" in host.sh("docker version -f '{{.Server.Version}}'").stdout
    finally:
        host.stop()
