"""A mirror is what an engine would find at the end of its redirects, asked with every tool that a host may have."""

from __future__ import annotations

import contextlib

import pytest

from provisioner.mirror_probe.judge import judge
from provisioner.mirror_probe.proxies import NONE
from provisioner.remote import mirror_probe as probing
from provisioner.remote.mirror_probe import probe_mirrors
from provisioner.transports.local import LocalTransport
from tests.machine import needs
from tests.remote import registries as r

PAGE = b"<!doctype html><title>Sign in</title>"


@pytest.fixture(autouse=True)
def patient(impatient, monkeypatch):
    """Many hops on a busy machine take their time; nothing here waits for a limit but for a silent host."""
    monkeypatch.setattr(probing, "LIMIT", 8)
    monkeypatch.setattr(probing, "TOTAL", 90)


def ask(*urls, tool=""):
    """A few at a time: a mirror has a time limit, and so many at once are slow on a small machine."""
    found = {}
    for few in (urls[first : first + 4] for first in range(0, len(urls), 4)):
        probed = probe_mirrors(LocalTransport(), few, tool=tool, reference="", proxies=NONE)
        found |= {mirror.url: mirror for mirror in judge(probed)}
    return found


def host(url):
    return url.removeprefix("http://")


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:
        yield lambda registry: stack.enter_context(r.serving(registry)).url


def test_the_end_of_the_redirects_is_what_counts(serve, tool):
    live, token = serve(r.Registry()), serve(r.WithToken())
    login = serve(r.Fixed(200, PAGE, Content_Type="text/html"))
    password = serve(r.Fixed(401, WWW_Authenticate='BASIC realm="Sonatype Nexus Repository Manager"'))
    forbidden, gone = serve(r.Fixed(403)), r.dead_url()
    blind = tool == "busybox"
    kinds = {
        **{serve(r.Moved(live, status)): ("alive", "hello-world:latest") for status in (301, 302, 303, 307, 308)},
        serve(r.Moved(serve(r.Moved(live)))): ("alive", "hello-world:latest"),
        serve(r.Moved(token)): ("unknown", "busybox") if blind else ("alive", "hello-world:latest"),
        serve(r.Moved(login, 302, location=f"{login}/login")): ("parked page", "text/html: <!doctype html>"),
        serve(r.Moved(password)): (
            ("unknown", "busybox") if blind else ("restricted", f"(login wanted) at {host(password)}, a user name")
        ),
        serve(r.Moved(forbidden)): ("restricted", f"answers 403 (forbidden) at {host(forbidden)}"),
        serve(r.Moved(gone)): ("dead", f"the connection fails at {host(gone)}"),
        serve(r.Moved(live, below="/v2/library/")): ("alive", "hello-world:latest"),
        serve(r.Moved(gone, below="/v2/library/")): ("dead", f"the connection fails at {host(gone)}"),
    }
    found = ask(*kinds, tool=tool)
    for url, (verdict, evidence) in kinds.items():
        assert (found[url].verdict, evidence in found[url].evidence) == (verdict, True), found[url]


def test_a_blob_is_looked_at_where_it_comes_from(serve, tool):
    live, gone = serve(r.Registry()), r.dead_url()
    forbidden, page = serve(r.Fixed(403)), serve(r.Fixed(200, PAGE, Content_Type="text/html"))
    missing = serve(r.Fixed(404))
    with r.silent() as silent:
        kinds = {
            serve(r.Moved(live, 307, r.BLOBS)): ("alive", "hello-world:latest"),
            serve(r.Moved(gone, 307, r.BLOBS)): ("dead", f"the connection fails at {host(gone)}"),
            serve(r.Moved(silent, 302, r.BLOBS)): ("dead", f"timed out at {host(silent)}"),
            serve(r.Moved(forbidden, 307, r.BLOBS)): ("restricted", f"403 (forbidden) at {host(forbidden)}"),
            serve(r.Moved(missing, 307, r.BLOBS)): ("dead", f"404 (not found) at {host(missing)}"),
            serve(r.Moved(page, 307, r.BLOBS)): ("dead", f"damaged: a blob of hello-world:latest at {host(page)}"),
        }
        found = ask(*kinds, tool=tool)
    for url, (verdict, evidence) in kinds.items():
        assert (found[url].verdict, evidence in found[url].evidence) == (verdict, True), found[url]


@pytest.mark.parametrize(
    ("location", "verdict", "evidence"),
    [
        ("/elsewhere/v2/", "alive", "hello-world:latest"),
        ("//{host}/elsewhere/v2/", "alive", "hello-world:latest"),
        ("HTTP://{host}/elsewhere/v2/", "alive", "hello-world:latest"),
        ("?again=1", "alive", "hello-world:latest"),
        ("elsewhere", "alive", "hello-world:latest"),
        ("/circle/v2/", "dead", "it redirects in circles"),
        ("", "dead", "it redirects to nowhere"),
        ("ftp://127.0.0.1/", "dead", "it redirects to nowhere"),
        ("http://{host}/a b/v2/", "alive", "hello-world:latest"),
        ("http://[::1", "dead", ""),
        ("http://127.0.0.1:1/{{1,2}}[1-9]", "dead", "at 127.0.0.1:1"),
    ],
)
@pytest.mark.parametrize("tool", ["curl", "python3", "wget", "bash"], indirect=True)
def test_where_a_redirect_leads(serve, tool, location, verdict, evidence):
    class Odd(r.Registry):
        def answer(self, method, path, headers):
            if path == "/v2/" or path.startswith("/circle"):
                words = {"Location": location.format(host=host(self.url))} if location else {}
                return 302, {"Content-Type": "text/html", **words}, b"<html>"
            if path == "/v2/?again=1" or "elsewhere" in path or path.startswith("/a%20b"):
                return 200, {"Content-Type": "application/json"}, b"{}"
            return super().answer(method, path, headers)

        def page(self, path):
            return super().page(path) if verdict == "alive" else (404, {}, b"")

    found = ask(serve(Odd()), tool=tool)
    (mirror,) = found.values()
    assert (mirror.verdict, evidence in mirror.evidence) == (verdict, True), mirror


@pytest.mark.parametrize("tool", ["curl", "python3", "wget", "bash"], indirect=True)
def test_a_token_goes_to_the_host_that_asked_for_it_and_to_no_other(tool):
    storage = r.Registry()
    with r.serving(storage):

        class Mirror(r.WithToken):
            def page(self, path):
                if "/blobs/" in path:
                    return 307, {"Location": storage.url + path}, b""
                return super().page(path)

        with r.serving(Mirror()) as mirror, r.serving(r.Moved(mirror.url)) as old:
            found = ask(mirror.url, old.url, tool=tool)
    assert {answer.verdict for answer in found.values()} == {"alive"}
    assert set(storage.tokens_seen) == {""}
    assert set(old.tokens_seen) == {""}
    assert f"Bearer {mirror.token}" in mirror.tokens_seen


@pytest.mark.parametrize(
    ("tool", "verdict", "evidence"),
    [
        ("curl", "alive", "hello-world:latest"),
        ("python3", "alive", "hello-world:latest"),
        ("wget", "dead", "certificate is not trusted at localhost"),
        ("busybox", "unknown", "busybox on this host checks no certificate"),
        ("bash", "unknown", "bash speaks http only"),
    ],
    indirect=["tool"],
)
def test_http_that_sends_on_to_https(tool, verdict, evidence, tmp_path, monkeypatch):
    needs("openssl")
    context, certificate = r.certified(tmp_path, "localhost")
    if tool != "wget":
        monkeypatch.setenv("CURL_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with r.serving(r.Registry(), tls=context) as server:
        target = server.url.replace("http://127.0.0.1", "https://localhost")
        with r.serving(r.Moved(target, 308)) as old:
            (mirror,) = ask(old.url, tool=tool).values()
    assert (mirror.verdict, evidence in mirror.evidence) == (verdict, True), mirror


def test_apt_alone_says_what_it_saw_at_the_end(serve):
    needs("/usr/lib/apt/apt-helper")
    forbidden, gone = serve(r.Fixed(403)), r.dead_url()
    first, second, third = serve(r.Moved(forbidden)), serve(r.Moved(gone)), serve(r.Moved(serve(r.Registry())))
    found = ask(first, second, third, tool="apt_helper")
    assert {url: found[url].verdict for url in (first, second, third)} == {
        first: "restricted",
        second: "dead",
        third: "unknown",
    }
