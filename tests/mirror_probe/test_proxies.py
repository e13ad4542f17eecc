"""Which proxy an engine takes: tables after golang.org/x/net/http/httpproxy, and where a host says it."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.mirror_probe.proxies import NONE, engine_proxies, proxies, shown_proxies


def asked_directly(no_proxy, host, port=443):
    """As `proxy_for` of templates/mirror_probe.sh.j2 decides."""
    made = proxies({"HTTP_PROXY": "http://p:3128", "NO_PROXY": no_proxy}, "x")
    kind = "a" if re.fullmatch(r"[0-9.]+|.*:.*", host) else "n"
    # In a `case` of the shell a star stands for anything, and nothing else is special in these patterns.
    globs = (re.escape(pattern).replace(r"\*", ".*") for pattern in made.direct)
    return any(re.fullmatch(glob, f"{kind}{host}:{port}") for glob in globs)


@pytest.mark.parametrize(
    ("no_proxy", "host", "direct"),
    [
        ("", "mirror.example", False),
        ("", "localhost", True),
        ("", "127.0.0.1", True),
        ("", "127.8.0.1", True),
        ("", "::1", True),
        ("", "localhost.example", False),
        ("example", "mirror.example", True),
        ("mirror.example", "mirror.example", True),
        ("mirror.example", "a.mirror.example", True),
        ("mirror.example", "xmirror.example", False),
        (".example", "mirror.example", True),
        (".mirror.example", "mirror.example", False),
        ("*.example", "mirror.example", True),
        ("*.mirror.example", "mirror.example", False),
        ("MIRROR.Example", "mirror.example", True),
        ("other.example, mirror.example", "mirror.example", True),
        ("mirror.example:443", "mirror.example", True),
        ("mirror.example:5000", "mirror.example", False),
        ("*", "mirror.example", True),
        ("*", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1:443", "10.0.0.1", True),
        ("10.0.0.1:80", "10.0.0.1", False),
        ("10.0.0.1", "10.0.0.12", False),
        ("10.0.0.0/8", "10.200.3.4", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("172.16.0.0/12", "172.31.255.1", True),
        ("172.16.0.0/12", "172.32.0.1", False),
        ("10.20.0.5/16", "10.20.9.9", True),
        ("10.0.0.4/30", "10.0.0.7", True),
        ("10.0.0.4/30", "10.0.0.8", False),
        ("0.0.0.0/0", "192.0.2.1", True),
        ("0.0.0.0/0", "mirror.example", False),
        ("192.0.2.1/32", "192.0.2.1", True),
        ("10.0.0.0/8", "10.mirror.example", False),
        ("fd00::1", "fd00::1", True),
        ("[fd00::1]:443", "fd00::1", True),
        ("fd00::/8", "fd00::1", False),
        ("$(reboot),;rm,a b,[x", "mirror.example", False),
        (".", "mirror.example", False),
    ],
)
def test_what_is_asked_directly(no_proxy, host, direct):
    assert asked_directly(no_proxy, host) is direct


@given(st.text())
def test_no_list_harms_a_shell(text):
    for pattern in proxies({"HTTPS_PROXY": "p", "NO_PROXY": text}, "x").direct:
        assert re.fullmatch(r"[an][a-z0-9._:*-]+|[an]\*", pattern)


@given(st.text())
def test_no_proxy_harms_a_configuration_file(text):
    made = proxies({"HTTP_PROXY": text}, "x").http
    assert re.fullmatch(r"[!-~]*", made)
    assert not set(made) & set('"\\`')


def answer(**frames):
    named = {name.replace("_", "-"): body for name, body in frames.items()}
    return {"engine": "/usr/bin/dockerd", **named}


DAEMON = json.dumps({"proxies": {"http-proxy": "http://d:1", "https-proxy": "http://d:2", "no-proxy": "in.example"}})


@pytest.mark.parametrize(
    ("frames", "http", "https", "said_by"),
    [
        ({}, "", "", ""),
        ({"engine": "", "session": "http_proxy=http://s:1\n"}, "http://s:1", "", "this session's environment"),
        ({"session": "http_proxy=http://s:1\n", "environment": ""}, "", "", ""),
        ({"environment": "HTTP_PROXY=http://e:1\n"}, "http://e:1", "", "the environment of dockerd"),
        ({"environment": "http_proxy=l:1\nHTTP_PROXY=u:1\n"}, "http://u:1", "", "the environment of dockerd"),
        ({"environment": "HTTPS_PROXY=e:1\n", "config": DAEMON}, "http://d:1", "http://d:2", "/etc/docker/daemon.json"),
        ({"config": DAEMON, "config_path": "/c.json"}, "http://d:1", "http://d:2", "/c.json"),
        ({"config": "{"}, "", "", ""),
        ({"config": '{"proxies": 5}'}, "", "", ""),
        ({"config": '{"proxies": {"http-proxy": 5, "x": "y"}}'}, "", "", ""),
        ({"command_line": "dockerd\n--https-proxy\nhttp://f:1\n-H\nfd://"}, "", "http://f:1", "an option of dockerd"),
        ({"command_line": "dockerd\n--https-proxy=f:1\n--no-proxy"}, "", "http://f:1", "an option of dockerd"),
        ({"unit": 'Environment=A=1 "HTTPS_PROXY=http://u:1" NO_PROXY=a,b'}, "", "http://u:1", "docker.service"),
        ({"unit": "export http_proxy='http://u:1' # why\n"}, "http://u:1", "", "docker.service"),
        ({"environment": "HTTP_PROXY=socks5://s:1\n"}, "socks5h://s:1", "", "the environment of dockerd"),
        ({"environment": "HTTP_PROXY=http://me:p%40ss@e:1/\n"}, "http://me:p%40ss@e:1", "", "the environment of dockerd"),
    ],
)  # fmt: skip
def test_where_a_host_says_its_proxies(frames, http, https, said_by):
    found = engine_proxies(answer(**frames))
    assert (found.http, found.https, found.said_by) == (http, https, said_by)
    if not said_by:
        assert found == NONE


def test_the_exceptions_of_daemon_json_count():
    assert "nin.example:*" in engine_proxies(answer(config=DAEMON)).direct


@pytest.mark.parametrize(
    ("info", "http", "https"),
    [
        pytest.param({"HttpProxy": "", "HttpsProxy": "", "NoProxy": ""}, "", "", id="none"),
        pytest.param({"HttpProxy": "p:1", "HttpsProxy": "http://q:2", "NoProxy": ""}, "http://p:1", "http://q:2", id="two"),
    ],
)  # fmt: skip
def test_proxies_that_an_engine_shows(info, http, https):
    found = shown_proxies(info)
    assert (found.http, found.https) == (http, https)


@pytest.mark.parametrize(
    "info",
    [
        pytest.param({"HttpProxy": "http://xxxxx:xxxxx@p:1", "HttpsProxy": "", "NoProxy": ""}, id="a login is hidden"),
        pytest.param({"HttpProxy": "p:1"}, id="not all are there"),
        pytest.param({"HttpProxy": 1, "HttpsProxy": "", "NoProxy": ""}, id="no text"),
    ],
)
def test_proxies_that_an_engine_does_not_show_are_asked_for(info):
    assert shown_proxies(info) is None
