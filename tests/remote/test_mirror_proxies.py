"""Mirrors are asked through the proxy that the engine would take, with every tool that a host may have."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from provisioner.mirror_probe.judge import judge
from provisioner.mirror_probe.proxies import proxies
from provisioner.remote import mirror_probe as probing
from provisioner.remote.mirror_probe import probe_mirrors
from provisioner.transports.local import LocalTransport
from tests.machine import needs
from tests.remote import registries as r

MIRROR = "http://mirror.corp.test"
"""A name that nobody but the proxy of a test knows."""


@pytest.fixture(autouse=True)
def patient(impatient, monkeypatch):
    """Many hops on a busy machine take their time; nothing here waits for a limit but for a silent host."""
    monkeypatch.setattr(probing, "LIMIT", 8)
    monkeypatch.setattr(probing, "TOTAL", 90)


def ask(url, proxy, *, no_proxy="", tool="", said_by="/etc/docker/daemon.json"):
    made = proxies({"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": no_proxy}, said_by)
    (found,) = judge(probe_mirrors(LocalTransport(), [url], tool=tool, reference="", proxies=made))
    return found


def test_a_mirror_that_only_the_proxy_knows(tool):
    with r.serving(r.Proxy(mirror_corp_test=r.Registry())) as proxy:
        assert ask(MIRROR, proxy.url, tool=tool).verdict == "alive"
        assert set(proxy.through) == {"mirror.corp.test"}
        proxy.through.clear()
        direct = ask(MIRROR, proxy.url, no_proxy="10.0.0.0/8, .corp.test", tool=tool)
        assert (direct.verdict, "does not resolve" in direct.evidence) == ("dead", True)
        assert proxy.through == []


def test_a_proxy_that_does_not_serve_the_mirror_is_named(tool):
    with r.serving(r.Proxy()) as proxy:
        found = ask(MIRROR, f"http://me:secret@{proxy.url.removeprefix('http://')}", tool=tool)
    assert (found.verdict, found.hopeless) == ("restricted", False)
    assert "secret" not in found.evidence
    host = proxy.url.removeprefix("http://")
    assert found.evidence.endswith(f"; it was asked through the proxy {host}, as /etc/docker/daemon.json says")


def test_an_in_house_mirror_behind_a_proxy_that_does_not_know_it(tool):
    with r.serving(r.Proxy()) as proxy, r.serving(r.Registry()) as mirror:
        found = ask(MIRROR, proxy.url, tool=tool)
        assert (found.verdict, found.hopeless) == ("dead", False)
        assert "answers 503 (out of service); it was asked through the proxy 127.0.0.1:" in found.evidence
        # Loopback is never asked through a proxy.
        assert ask(mirror.url, proxy.url, tool=tool).verdict == "alive"


def test_a_proxy_that_is_not_there(tool):
    found = ask(MIRROR, r.dead_url(), tool=tool)
    assert (found.verdict, found.hopeless) == ("dead", False)
    assert "it was asked through the proxy 127.0.0.1:" in found.evidence


@pytest.mark.parametrize(("word", "written"), [("pass", "pass"), ("p@ss:%", "p%40ss%3A%25")], ids=["plain", "odd"])
def test_a_proxy_with_a_login(tool, word, written):
    login = "Basic " + base64.b64encode(f"me:{word}".encode()).decode()
    with r.serving(r.Proxy(login, mirror_corp_test=r.Registry())) as proxy:
        found = ask(MIRROR, f"http://me:{written}@{proxy.url.removeprefix('http://')}", tool=tool)
        wrong = ask(MIRROR, f"http://me:no@{proxy.url.removeprefix('http://')}", tool=tool)
    if tool == "bash" and "%" in written:
        assert (found.verdict, "cannot log in" in found.evidence) == ("unknown", True), found
        return
    assert found.verdict == "alive", found
    assert (wrong.verdict, "answers 407" in wrong.evidence) == ("restricted", True), wrong


def test_each_hop_has_the_proxy_of_its_own_host(tool):
    with r.serving(r.Registry()) as storage:
        moved = r.Moved(storage.url, 307, r.BLOBS)
        with r.serving(r.Proxy(mirror_corp_test=moved)) as proxy:
            found = ask(MIRROR, proxy.url, tool=tool)
            if tool != "busybox":
                assert set(proxy.through) == {"mirror.corp.test"}
    expected = ("unknown", "busybox cannot take a redirect") if tool == "busybox" else ("alive", "hello-world")
    assert (found.verdict, expected[1] in found.evidence) == (expected[0], True), found


@pytest.mark.parametrize(
    ("tool", "proxy"),
    [("python3", "socks5://127.0.0.1:9"), ("wget", "https://127.0.0.1:9"), ("bash", "socks5://127.0.0.1:9")],
    indirect=["tool"],
)
def test_a_tool_that_cannot_use_the_proxy_says_so(tool, proxy):
    found = ask(MIRROR, proxy, tool=tool)
    assert (found.verdict, "cannot use the proxy" in found.evidence) == ("unknown", True), found


@pytest.mark.parametrize("tool", ["curl", "python3"], indirect=True)
def test_https_goes_through_a_tunnel(tool, tmp_path, monkeypatch):
    needs("openssl")
    context, certificate = r.certified(tmp_path, "mirror.corp.test")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with r.serving(r.Registry(), tls=context) as server:
        port = int(server.url.rpartition(":")[2])
        with r.tunnelling(port) as (proxy, asked):
            found = ask("https://mirror.corp.test", proxy, tool=tool)
    assert found.verdict == "alive", found
    assert set(asked) == {"mirror.corp.test:443"}


def test_an_engine_without_proxies_is_not_asked_through_those_of_the_login(monkeypatch):
    monkeypatch.setenv("http_proxy", r.dead_url())
    monkeypatch.setenv("HTTPS_PROXY", r.dead_url())
    made = replace(proxies({}, ""), said_by="")
    (found,) = judge(probe_mirrors(LocalTransport(), ["http://nowhere.invalid"], reference="", proxies=made))
    assert "does not resolve" in found.evidence
