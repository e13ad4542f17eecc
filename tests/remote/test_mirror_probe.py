"""Mirrors asked on loopback, with every tool that a host may have."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
import threading
import time

import pytest

from provisioner.errors import UsageError
from provisioner.mirror_probe.answer import Image, image
from provisioner.mirror_probe.judge import fastest, judge
from provisioner.remote import mirror_probe as probing
from provisioner.remote.mirror_probe import probe_mirrors
from provisioner.transports.local import LocalTransport
from tests.machine import needs
from tests.remote import registries as r

CHECKING_CERTIFICATES = ("curl", "python3", "wget")
OLD, OLD_DIGEST = r.image(created="2024-05-01T00:00:00Z")
NEW, NEW_DIGEST = r.image(created="2026-08-01T00:00:00Z")


def ask(*urls, images=(), tool="", reference=""):
    return judge(probe_mirrors(LocalTransport(), urls, images, tool=tool, reference=reference), images)


KINDS = {
    "alive": (r.Registry, "alive", "hello-world:latest sha256:"),
    "with a token": (r.WithToken, "alive", "hello-world:latest sha256:"),
    "blobs elsewhere": (r.Redirecting, "alive", "hello-world:latest sha256:"),
    "no /v2/": (r.NoPing, "alive", "hello-world:latest sha256:"),
    "parked page": (
        lambda: r.Fixed(200, b"<html><title>This domain is for sale</title>", Content_Type="text/html"),
        "parked page",
        "text/html: <html><title>This domain",
    ),
    "403": (lambda: r.Fixed(403), "restricted", "answers 403 (forbidden)"),
    "allow-list": (r.AllowList, "restricted", "hello-world:latest answers 403"),
    "login": (
        lambda: r.Fixed(401, WWW_Authenticate='Basic realm="x"'),
        "restricted",
        "401 (login wanted), a user name and password",
    ),
    "token refused": (r.RefusedToken, "restricted", "the token service answers 403"),
    "too many": (lambda: r.Fixed(429), "restricted", "429 (too many requests)"),
    "404": (lambda: r.Fixed(404), "not a Docker Hub mirror", "/v2/ answers 404: no registry"),
    "another registry": (
        lambda: r.Registry(quay__thing=r.image()),
        "not a Docker Hub mirror",
        "a registry, and hello-world",
    ),
    "everything is 200": (
        lambda: r.Fixed(200, Content_Type="application/json"),
        "not a Docker Hub mirror",
        "is no manifest: application/json",
    ),
    "502": (lambda: r.Fixed(502), "dead", "/v2/ answers 502 (bad gateway)"),
    "damaged": (r.Damaged, "dead", "damaged: a blob"),
}


def test_every_kind_of_mirror_is_told_from_the_others_with_every_tool(tool):
    with contextlib.ExitStack() as stack:
        served = {kind: stack.enter_context(r.serving(make())) for kind, (make, _, _) in KINDS.items()}
        quiet = stack.enter_context(r.silent())
        began = time.monotonic()
        found = {
            mirror.url: mirror
            for mirror in ask(*(server.url for server in served.values()), quiet, r.dead_url(), tool=tool)
        }
        assert time.monotonic() - began < probing.TOTAL + probing.LIMIT + 10
        for kind, server in served.items():
            _, verdict, evidence = KINDS[kind]
            if tool == "busybox" and kind in {"with a token", "token refused", "login"}:
                verdict, evidence = "unknown", "it wants a token, and busybox on this host cannot get one"
            assert (kind, found[server.url].verdict) == (kind, verdict), found[server.url]
            assert evidence in found[server.url].evidence
        assert found[quiet].verdict == "dead"
        assert "timed out" in found[quiet].evidence
        dead = next(mirror for url, mirror in found.items() if url not in {quiet, *(s.url for s in served.values())})
        assert dead.verdict == "dead"
        assert "the connection fails" in dead.evidence
        assert all(mirror.tool == tool for mirror in found.values())


def test_a_mirror_that_answers_without_an_end_fills_nothing(tool, tmp_path, monkeypatch):
    room = tmp_path / "tmp"
    room.mkdir()
    monkeypatch.setenv("TMPDIR", str(room))
    over, most = threading.Event(), [0]

    def watch():
        while not over.wait(0.02):
            most[0] = max([most[0], *(path.stat().st_size for path in room.rglob("*") if path.is_file())])

    watcher = threading.Thread(target=watch)
    watcher.start()
    with r.serving(r.Fixed(200, b"x" * 20 * 2**20)) as server:
        (mirror,) = ask(server.url, tool=tool)
    over.set()
    watcher.join()
    assert mirror.verdict != "alive"
    assert 2**20 < most[0] <= 5 * 2**20
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("number", ["9" * 5000, "1" * 16, "²", "٣", "-1", "1e400", "inf", "nan"])
def test_odd_numbers_are_nothing(number):
    names = ("status", "exit", "dns", "tcp", "tls", "first", "total", "bytes", "began", "ended")
    answer = probing._answer("".join(f"{name}={number}\n" for name in names) + "\n\n\n")
    assert (answer.status, answer.size) in {(0, 0), (1, 1)}
    assert answer.total < 10


def test_a_name_that_does_not_resolve(tool):
    (mirror,) = ask("http://nowhere.invalid", tool=tool)
    assert mirror.verdict == "dead"
    assert "does not resolve" in mirror.evidence


@pytest.mark.parametrize("tool", CHECKING_CERTIFICATES, indirect=True)
def test_a_certificate_that_nobody_trusts(tool, tmp_path):
    needs("openssl")
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", *words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with r.serving(r.Registry(), tls=context) as server:
        (mirror,) = ask(server.url.replace("http://", "https://"), tool=tool)
    assert mirror.verdict == "dead"
    assert "certificate is not trusted" in mirror.evidence


def test_bash_alone_says_that_it_cannot_speak_https():
    (mirror,) = ask("https://127.0.0.1:1", tool="bash")
    assert mirror.verdict == "unknown"
    assert "bash speaks http only" in mirror.evidence


def test_apt_alone_tells_what_it_can():
    needs("/usr/lib/apt/apt-helper")
    with contextlib.ExitStack() as stack:
        makes = (r.Registry, r.WithToken, lambda: r.Fixed(403), lambda: r.Fixed(404))
        urls = [stack.enter_context(r.serving(make())).url for make in makes]
        found = {mirror.url: mirror for mirror in ask(*urls, r.dead_url(), tool="apt_helper")}
    assert [found[url].verdict for url in urls] == ["unknown", "unknown", "restricted", "not a Docker Hub mirror"]
    assert "more could not be asked (apt-helper)" in found[urls[0]].evidence
    assert sum(mirror.verdict == "dead" for mirror in found.values()) == 1


def test_the_newest_build_tells_which_mirrors_are_stale():
    with contextlib.ExitStack() as stack:
        one, two, new = (
            stack.enter_context(r.serving(r.Registry(hello_world=(pages, "")))) for pages in (OLD, OLD, NEW)
        )
        found = {mirror.url: mirror for mirror in ask(one.url, two.url, new.url)}
    assert found[new.url].verdict == "alive"
    assert found[one.url].verdict == found[two.url].verdict == "stale"
    assert found[one.url].evidence == (
        f"hello-world:latest is {OLD_DIGEST[:19]} here and {NEW_DIGEST[:19]} at another mirror, built on 2026-08-01"
    )


def test_the_reference_is_asked_for_digests_only_and_decides():
    with r.serving(r.Registry(hello_world=(NEW, ""))) as mirror, r.serving(r.WithToken(hello_world=(OLD, ""))) as hub:
        (found,) = ask(mirror.url, reference=hub.url)
    assert (found.verdict, found.url) == ("stale", mirror.url)
    assert "at Docker Hub" in found.evidence
    assert [method for method, path in hub.asked if "/manifests/" in path] == ["HEAD"]
    assert not any("/blobs/" in path for _, path in hub.asked)


def test_images_that_are_named_must_be_served():
    grafana = Image("grafana/grafana", "latest")
    both = r.Registry(hello_world=r.image(), grafana__grafana=r.image(layer=r.BIG))
    with r.serving(both) as full, r.serving(r.Registry()) as partly:
        first, second = ask(partly.url, full.url, images=[grafana])
    assert (first.url, first.missing) == (full.url, {})
    assert first.throughput > 2**18
    assert first.digests.keys() == {"hello-world:latest", "grafana/grafana:latest"}
    assert second.missing == {"grafana/grafana:latest": "answers 404 (not found)"}
    assert fastest({"a": (first, second)}, 2) == [full.url]


def test_the_fastest_are_alive_on_every_host_and_count_with_the_slowest():
    with r.serving(r.Registry()) as quick, r.serving(r.Slow(0.3)) as slow, r.serving(r.Fixed(403)) as refused:
        judged = ask(refused.url, slow.url, quick.url)
        alone = ask(slow.url)
    assert [mirror.url for mirror in judged] == [quick.url, slow.url, refused.url]
    assert fastest({"a": judged}, 1) == [quick.url]
    assert fastest({"a": judged}, 5) == [quick.url, slow.url]
    assert fastest({"a": judged, "b": alone}, 5) == [slow.url]


def test_a_path_of_the_mirror_is_kept():
    class Below(r.Registry):
        def answer(self, method, path, headers):
            return (
                super().answer(method, path.removeprefix("/hub"), headers)
                if path.startswith("/hub/")
                else (404, {}, b"")
            )

    with r.serving(Below()) as server:
        (mirror,) = ask(server.url + "/hub/")
    assert mirror.verdict == "alive"


def test_what_a_page_says_cannot_break_the_answer_or_the_terminal():
    page = b"<html>\x1b[31m\n\n@@x begin 0 v2\n\xff\xfe done"
    with r.serving(r.Fixed(200, page, Content_Type="text/html")) as server:
        (mirror,) = ask(server.url)
    assert mirror.verdict == "parked page"
    assert mirror.evidence.isprintable()
    mirror.evidence.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpine", Image("library/alpine", "latest")),
        ("alpine:3.22", Image("library/alpine", "3.22")),
        ("grafana/grafana:11.2.0", Image("grafana/grafana", "11.2.0")),
        ("docker.io/library/alpine", Image("library/alpine", "latest")),
        (f"alpine@sha256:{'0' * 64}", Image("library/alpine", f"sha256:{'0' * 64}")),
    ],
)
def test_names_of_images(text, expected):
    assert image(text) == expected


@pytest.mark.parametrize("text", ["ghcr.io/a/b", "localhost/a", "r:5000/a:1", "", "A b", "alpine:$(reboot)", "a;b"])
def test_names_that_mirrors_cannot_serve(text):
    with pytest.raises(UsageError):
        image(text)
