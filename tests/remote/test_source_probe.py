"""What package sources may cost a host that asks them, with every tool to ask with; and nonsense in its answer."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import socketserver
import subprocess
import threading
from pathlib import Path

import pytest

from provisioner.mirror_probe.proxies import engine_proxies
from provisioner.remote import source_probe
from provisioner.scripts.render import root_script
from provisioner.transports import limits
from provisioner.transports.base import Completed
from tests.machine import lacks, needs
from tests.offered import good

TOOLS = ("curl", "wget", "busybox", "apt-helper", "python3")
SOURCE = good("official").source
RELEASE = b"-----BEGIN PGP SIGNED MESSAGE-----\nSHA256:\n%s"
LIST = "stable/binary-amd64/Packages"


class Evil(socketserver.StreamRequestHandler):
    """Endless answers: `/endless` in chunks, `/promised` with a length, `/bomb` a list that unpacks to a gigabyte."""

    def handle(self):
        path = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
        try:
            if path in self.server.files:
                body = self.server.files[path]
                self.wfile.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
                return
            if "endless" in path:
                self.wfile.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
                while True:
                    self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            if "promised" in path:
                self.wfile.write(head + b"Content-Length: 999999999999\r\n\r\n")
                while True:
                    self.wfile.write(b"y" * 65536)
            body = self.server.files.get(path, b"fine")
            self.wfile.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture(scope="module")
def server():
    with Server(("127.0.0.1", 0), Evil) as serving:
        serving.files = {}
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving
        serving.shutdown()


@pytest.fixture
def room(tmp_path, monkeypatch):
    """The host's temporary directory."""
    path = tmp_path / "tmp"
    path.mkdir(mode=0o1777)
    for parent in (path, *path.parents):
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o711)  # apt's helper asks as an account of its own
    path.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(path))
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return path


@pytest.fixture(params=TOOLS)
def tool(request, tmp_path, monkeypatch):
    """PATH has this tool to ask with, and no other."""
    name = request.param
    if name == "apt-helper" and not Path("/usr/lib/apt/apt-helper").exists():
        lacks("this machine has no apt")
    needs(*(() if name == "apt-helper" else (name,)))
    folder = tmp_path / "bin"
    folder.mkdir()
    for path in ("/usr/bin", "/bin"):
        for found in Path(path).iterdir():
            if not re.match(r"curl|wget|python|busybox|dnf", found.name) and not (folder / found.name).is_symlink():
                (folder / found.name).symlink_to(found)
    if name in {"curl", "wget", "python3", "busybox"}:
        (folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(folder))
    return name


def without_apt(script, tool):
    return script if tool == "apt-helper" else script.replace("/usr/lib/apt/apt-helper", "/nonexistent/apt-helper")


def largest(folder):
    return max((path.stat().st_size for path in folder.rglob("*") if path.is_file()), default=0)


@pytest.mark.parametrize("kind", ["endless", "promised"])
def test_no_tool_fetches_more_than_it_may(server, room, tool, kind):
    script = root_script(
        "script.sh.j2", "n", url=f"http://127.0.0.1:{server.server_address[1]}/{kind}", limit=20, pinned=True
    )
    watched, over = [], threading.Event()

    def watch():
        while not over.wait(0.02):
            watched.append(largest(room))

    watcher = threading.Thread(target=watch)
    watcher.start()
    answer = subprocess.run(
        ["/bin/sh", "-s"], input=without_apt(script, tool), capture_output=True, text=True, check=False, timeout=60
    )
    over.set()
    watcher.join()
    assert f"@@n begin problem\nit is longer than {limits.SCRIPT} bytes\n" in answer.stdout, (
        answer.stdout[-500:] + answer.stderr
    )
    assert max(watched) <= 2 * limits.SCRIPT
    assert list(room.iterdir()) == []


def test_what_is_short_enough_comes_with_every_tool(server, room, tool):
    server.files["/script"] = b"#!/bin/sh\n" + b"#" * (limits.SCRIPT // 2)
    script = root_script(
        "script.sh.j2", "n", url=f"http://127.0.0.1:{server.server_address[1]}/script", limit=20, pinned=True
    )
    answer = subprocess.run(
        ["/bin/sh", "-s"], input=without_apt(script, tool), capture_output=True, text=True, check=False, timeout=60
    )
    assert f"@@n begin script\n{server.files['/script'].decode()}\n@@n end script" in answer.stdout, answer.stderr


@pytest.fixture
def asked(server, room):
    """A function that asks one source of this server; the paths say what is wrong with it."""

    def ask(**paths):
        base = f"http://127.0.0.1:{server.server_address[1]}"
        urls = {"index": "/InRelease", "key": "/key"} | paths
        files = {f"{name}_url": base + path for name, path in urls.items()} | {"lists": LIST}
        script = root_script(
            "source_probe.sh.j2",
            "n",
            sources=[{"name": "evil", "trusted": False, "suites": [files]}],
            limit=20,
            patience=60,
            patient=True,
        )
        done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=False, timeout=90)
        assert list(room.iterdir()) == []
        return done.stdout

    return ask


def listed(server, text):
    packed = gzip.compress(text)
    server.files[f"/{LIST}.gz"] = packed
    for index in ("/InRelease", "/promised/InRelease"):
        server.files[index] = (
            RELEASE
            % "".join(
                f" {hashlib.sha256(body).hexdigest()} {len(body)} {LIST}{ending}\n"
                for body, ending in ((text, ""), (packed, ".gz"))
            ).encode()
        )


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        pytest.param({"key": "/endless"}, f"no key: it is longer than {limits.KEY} bytes", id="key"),
        pytest.param({"index": "/endless/InRelease"}, f"it is longer than {limits.INDEX} bytes", id="index"),
        pytest.param({"index": "/promised/InRelease"}, f"no package list: it is longer than {limits.PACKAGE_LIST} bytes", id="list"),
    ],
)  # fmt: skip
def test_a_source_without_an_end_is_passed_over(server, asked, paths, said):
    listed(server, b"Package: docker-ce\nVersion: 1\n")
    assert f"begin problem evil\n{said}" in asked(**paths)


def test_a_list_that_unpacks_to_more_than_there_should_be_is_passed_over(server, asked):
    listed(server, b"\0" * (limits.UNPACKED_LIST + 2**20))
    assert "begin problem evil\nits package list cannot be unpacked" in asked()


def test_a_list_that_names_too_much_is_passed_over(server, asked):
    listed(server, b"Package: docker-ce\nVersion: 1\n" * (limits.VERSIONS // 10))
    answer = asked()
    assert "begin problem evil\nits package list names too much" in answer
    assert len(answer) < 10_000
    listed(server, b"Package: docker-ce\nVersion: 1\n" * 100)
    assert "begin versions evil\ndocker-ce\n1\n" in asked()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
@pytest.mark.parametrize("size", ["64k", "512k"])
def test_a_full_temporary_directory_is_named(server, room, asked, size):
    """tmp-full"""
    listed(server, b"Package: docker-ce\nVersion: 1\n")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", room], check=True)
    try:
        answer = asked()
        answers = [
            subprocess.run(["sh", "-s"], input=root_script(name, "n", **words), capture_output=True, text=True, check=False).stdout
            for name, words in (
                ("script.sh.j2", {"url": "http://127.0.0.1:9/x", "limit": 5, "pinned": True}),
                ("mirror_probe.sh.j2", {"mirrors": [], "images": [], "limit": 3, "connect": 2, "total": 5, "most": 9, "tool": "", "proxies": engine_proxies({})}),
            )
        ]  # fmt: skip
    finally:
        subprocess.run(["umount", room], check=True)
    for said in (answer, *answers):
        assert f"there is no room in {room} on this host: df {room}" in said
        assert "@@n done 0" in said


class Told:
    name = "web01"
    become_method = ""

    def __init__(self, *frames):
        self.frames = frames

    def run(self, script, *, timeout, on_line=None):
        nonce = re.search(r"(?m)^N=(\w+)$", script)[1]
        text = "".join(f"\n@@{nonce} begin {name}\n{body}\n@@{nonce} end {name}\n" for name, body in self.frames)
        return Completed(0, f"{text}\n@@{nonce} done 0\n", "")


@pytest.mark.parametrize("number", ["9" * 5000, "²", "٣", "-1", "1e5", ""])
def test_odd_numbers_are_none(number):
    told = Told(
        ("times official", f"{number}.00 {number}.50"), ("suite official", number), ("key official", ""), ("versions official", "")
    )  # fmt: skip
    (reach,) = source_probe.probe_sources(told, (SOURCE,), become_password=None)
    assert (reach.seconds, reach.suite_index) == (0.0, 0)


def test_nothing_is_left_when_the_connection_breaks_in_the_middle(server, room):
    script = root_script(
        "script.sh.j2", "n", url=f"http://127.0.0.1:{server.server_address[1]}/script", limit=20, pinned=True
    )
    server.files["/script"] = b"#" * 500_000
    with subprocess.Popen(["sh", "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        shell.stdout.close()
        shell.stdin.write(script.encode())
        shell.stdin.close()
    assert list(room.iterdir()) == []
