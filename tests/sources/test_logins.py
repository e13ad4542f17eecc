"""A source that asks for a login gets the one that the package manager would send, and nobody else sees it."""

from __future__ import annotations

import base64
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from provisioner.catalogue.platforms import platforms
from provisioner.facts.host import Host
from provisioner.remote.source_probe import probe_sources
from provisioner.scripts.render import shell_text
from provisioner.sources.reach import CONFIGURED, sources_to_ask
from provisioner.wanted.spec import Spec
from tests.hosts import BARE
from tests.keys import FINGERPRINT
from tests.machine import needs
from tests.offered import ROCKY
from tests.scripts.shells import SHELLS
from tests.sources.trees import APT_HELPER, OnlyWith, deb_tree

FETCH = shell_text("fetch.sh.j2", limit=8)
NAME, PASSWORD = "an@user", "s3cr\"e't\\%/x"
ENCODED = "an%40user:s3cr%22e't%5C%25%2Fx"
TOOLS = {
    "curl": (("curl",), ""),
    "wget": (("wget",), ""),
    "apt-helper": (("apt-config",), ""),
    "python3": (("python3",), APT_HELPER),
}


@pytest.fixture
def guarded():
    """Start a server that wants NAME and PASSWORD for its tree; the answer is its address."""
    servers = []

    def start(tree, other=""):
        wanted = "Basic " + base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.asked.append(self.headers.get("Authorization"))
                if other:
                    self.send_response(302)
                    self.send_header("Location", other + self.path)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = tree.get(self.path) if self.headers.get("Authorization") == wanted else None
                self.send_response(200 if body else 401)
                if not body:
                    self.send_header("WWW-Authenticate", 'Basic realm="x"')
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *args): ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads, server.asked = True, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def asked(host, server, login, name=CONFIGURED):
    (row,) = (row for row in platforms() if row.slug == "ubuntu-24.04")
    base = f"http://127.0.0.1:{server.server_port}"
    (source,) = sources_to_ask(row, BARE, Spec(source=base, source_fingerprint=FINGERPRINT))
    with_login = base.replace("://", f"://{login}@") if login else base
    suites = tuple(
        replace(suite, index_url=suite.index_url.replace(base, with_login), key_url=suite.key_url.replace(base, with_login))
        for suite in source.suites
    )  # fmt: skip
    (answer,) = probe_sources(host, (replace(source, name=name, suites=suites),), become_password=None, patient=True)
    return answer


def watched(tmp_path, tool):
    """A host on which every start of `tool` is written down, with its arguments and its environment."""
    tools, without = TOOLS[tool]
    if tool == "apt-helper":
        needs(APT_HELPER)
        return OnlyWith(tmp_path, *tools, without=without)
    host = OnlyWith(tmp_path, *tools, without=without)
    real = Path(tmp_path / tool).resolve()
    (tmp_path / tool).unlink()
    (tmp_path / tool).write_text(f'#!/bin/sh\n{{ echo "$*"; env; }} >>{tmp_path}/seen\nexec {real} "$@"\n')
    (tmp_path / tool).chmod(0o755)
    return host


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_sends_the_login_and_shows_it_to_nobody(tool, guarded, tmp_path):
    host, server = watched(tmp_path, tool), guarded(deb_tree())
    answer = asked(host, server, ENCODED)
    assert (answer.problem, answer.versions.get("containerd.io")) == ("", ("1.6.20-1",))
    seen = (tmp_path / "seen").read_text() if (tmp_path / "seen").exists() else ""
    assert ("s3cr" in seen, "an@user" in seen, ENCODED in seen) == (False, False, False)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_wrong_login_is_said_without_it(tool, guarded, tmp_path):
    answer = asked(watched(tmp_path, tool), guarded(deb_tree()), "me:wr0ng")
    assert "it refuses the login that is set up here for it:" in answer.problem
    assert "401" in answer.problem or "Authentication Failed" in answer.problem
    assert "wr0ng" not in answer.problem


@pytest.mark.parametrize("tool", TOOLS)
def test_no_other_host_gets_it(tool, guarded, tmp_path):
    other = guarded(deb_tree())
    first = guarded({}, f"http://localhost:{other.server_port}")
    assert asked(watched(tmp_path, tool), first, ENCODED).problem
    assert any(first.asked)
    assert set(other.asked) == {None}


def test_what_cannot_be_sent_unseen_is_no_verdict(guarded, tmp_path):
    host = OnlyWith(tmp_path, "busybox", without=f"{APT_HELPER} /usr/libexec/platform-python")
    answer = asked(host, guarded(deb_tree()), ENCODED)
    assert answer.problem.startswith("it asks for a login, which nothing on this host can send without showing it")


@pytest.mark.parametrize("tool", ["curl", "python3"])
def test_a_login_that_nobody_has_is_asked_for(tool, guarded, tmp_path):
    answer = asked(OnlyWith(tmp_path, *TOOLS[tool][0], without=APT_HELPER), guarded(deb_tree()), "")
    assert answer.problem.startswith("it asks for a login: ")
    assert "401" in answer.problem


def settled(shell, tmp_path, tail, **files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    script = FETCH.replace("/etc/dnf/dnf.conf /etc/yum.conf", str(tmp_path / "dnf"))
    script = script.replace("/etc/yum.repos.d/docker-ce.repo", str(tmp_path / "repo"))
    run = f"have() {{ false; }}\n{script}\nmanager_settings\n{tail}\n"
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    (tmp_path / "apt-config").write_text("#!/bin/sh\n")
    (tmp_path / "apt-config").chmod(0o755)
    done = subprocess.run([*SHELLS[shell], "-c", run], capture_output=True, text=True, check=False, env=env)
    assert done.stderr == ""
    return done.stdout


MAIN = "[main]\nusername=all\npassword = every one\n"
REPO = "[docker-ce-stable]\nbaseurl=https://own.example/linux/centos/9\nusername = mine\npassword=p=1\n"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("url", "trusted", "login"),
    [
        pytest.param("https://a%3Ab:c%2f@x.example:8443/a@b", "", "https://x.example:8443/a@b a:b:c/", id="in the URL"),
        pytest.param("https://x.example", "1", "https://x.example all:every one", id="of all"),
        pytest.param("https://x.example/a", "", "https://x.example/a ", id="of all, and a stranger"),
        pytest.param("https://own.example/a", "", "https://own.example/a mine:p=1", id="of the repository"),
        pytest.param("https://own.example.evil/a", "", "https://own.example.evil/a ", id="a name that begins so"),
    ],
)
def test_the_login_is_the_package_managers(shell, url, trusted, login, tmp_path):
    tail = f'trusted={trusted}; split "{url}"; manager_login; printf "%s %s" "$address" "$login"'
    assert settled(shell, tmp_path, tail, dnf=f"{MAIN}[x]\n", repo=REPO) == login


@pytest.mark.parametrize(
    ("facts", "spec", "gets"),
    [
        pytest.param(ROCKY, Spec(source="https://mine.example"), True, id="dnf, a source that was named"),
        pytest.param(ROCKY, Spec(source="aliyun"), False, id="dnf, a public one"),
        pytest.param(BARE, Spec(source="https://mine.example"), False, id="apt, which has logins of its own"),
    ],
)
def test_the_login_of_all_is_for_sources_of_dnf_that_somebody_named(facts, spec, gets):
    platform = Host.of(facts).platform
    assert [source.trusted for source in sources_to_ask(platform, facts, spec)] == [gets]
