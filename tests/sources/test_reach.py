"""The probe, for real: every tool that downloads and every packing of a list, against a server on loopback."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from provisioner.facts.frames import new_nonce
from provisioner.remote import source_probe
from provisioner.remote.source_probe import probe
from provisioner.sources.reach import key_problem, sources_to_ask
from provisioner.transports.base import Completed
from provisioner.wanted.spec import Spec
from tests.hosts import BARE
from tests.keys import FINGERPRINT, KEY, OTHER_KEY
from tests.machine import needs
from tests.offered import ROCKY

PACKAGES = """Package: docker-ce
Version: 5:26.1.5-1~ubuntu.24.04~noble

Package: docker-ce
Version: 5:20.10.24~3-0~ubuntu-noble

Package: containerd.io
Version: 1.6.20-1
"""
PRIMARY = """<metadata><package type="rpm"><name>docker-ce</name><arch>x86_64</arch>
<version epoch="3" ver="26.1.5" rel="1.el9"/><description>a &gt; b</description></package>
<package type="rpm"><name>docker-ce-cli</name><version epoch="1" ver="26.1.5" rel="1.el9"/></package></metadata>
"""
NEEDED = (
    "sh", "sed", "grep", "tr", "cat", "mktemp", "sha256sum", "gzip", "timeout", "sleep", "rm", "mkdir", "mv", "cp",
    "chmod", "head", "id", "cut", "tail", "env",
)  # fmt: skip


def deb_tree(base="", suite="noble", key=KEY, packages=PACKAGES, index=None):
    packed = gzip.compress(packages.encode())
    root = f"{base}/linux/ubuntu"
    text = index or (
        "-----BEGIN PGP SIGNED MESSAGE-----\n"
        f"SHA256:\n {hashlib.sha256(packed).hexdigest()} {len(packed)} stable/binary-amd64/Packages.gz\n"
    )
    return {
        f"{root}/gpg": key.encode(),
        f"{root}/dists/{suite}/InRelease": text.encode(),
        f"{root}/dists/{suite}/stable/binary-amd64/Packages.gz": packed,
    }


def rpm_tree(packed, ending, base="", directory="rhel/9"):
    name = f"repodata/{hashlib.sha256(packed).hexdigest()}-primary.xml{ending}"
    repomd = (
        '<?xml version="1.0"?><repomd><data type="filelists"><location href="repodata/x-filelists.xml.gz"/></data>'
        f'<data type="primary">\n<checksum type="sha256">{hashlib.sha256(packed).hexdigest()}</checksum>'
        f'<location href="{name}"/></data></repomd>'
    )
    root = f"{base}/linux/{directory}/x86_64/stable"
    return {
        f"{base}/linux/{directory.partition('/')[0]}/gpg": KEY.encode(),
        f"{root}/repodata/repomd.xml": repomd.encode(),
        f"{root}/{name}": packed,
    }


@pytest.fixture
def serve():
    """Serve a mapping of paths to bytes, or to seconds of silence; the answer is the server's URL."""
    servers = []

    def start(tree):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = tree.get(self.path)
                if isinstance(body, (int, float)):
                    time.sleep(body)
                    body = None
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class OnlyWith:
    """A transport to this machine whose PATH holds nothing but the tools that are named."""

    name = "here"

    def __init__(self, directory, *tools, without=""):
        self.path, self.without = directory, without
        for tool in (*NEEDED, *tools):
            if tool != "python3":
                needs(tool)
            (directory / tool).symlink_to(sys.executable if tool == "python3" else shutil.which(tool))

    def run(self, script, *, timeout, on_line=None):
        environment = {"PATH": str(self.path), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
        script = script.replace("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin", ":")
        for path in self.without.split():
            script = script.replace(path, "/nowhere")
        done = subprocess.run(
            [shutil.which("sh")],
            check=False,
            input=script,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Completed(done.returncode, done.stdout, done.stderr)

    def close(self):
        pass


def ask(transport, bases, facts=BARE, platform="ubuntu-24.04", *, patient=True, **wanted):
    from provisioner.catalogue.platforms import platforms

    (row,) = (row for row in platforms() if row.slug == platform)
    sources = []
    for name, base in bases.items():
        (source,) = sources_to_ask(row, facts, Spec(source=base, source_fingerprint=FINGERPRINT, **wanted))
        sources.append(replace(source, name=name))
    return probe(transport, tuple(sources), become_password=None, patient=patient)


APT_HELPER = "/usr/lib/apt/apt-helper"
TOOLS = {
    "curl": (("curl",), ""),
    "wget": (("wget",), ""),
    "busybox-wget": (("busybox",), APT_HELPER),
    "apt-helper": (("apt-config",), ""),
    "python3": (("python3",), APT_HELPER),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_asks_alike(tool, serve, tmp_path):
    tools, without = TOOLS[tool]
    if tool == "apt-helper":
        needs(APT_HELPER)
    host = OnlyWith(tmp_path, *tools, without=without)
    good, gone = ask(host, {"good": serve(deb_tree()), "gone": serve({})})
    assert good.problem == ""
    assert good.versions == {
        "docker-ce": ("5:26.1.5-1~ubuntu.24.04~noble", "5:20.10.24~3-0~ubuntu-noble"),
        "containerd.io": ("1.6.20-1",),
    }
    assert key_problem(good) == ""
    assert "does not carry this release" in gone.problem
    assert "404" in gone.problem


def test_nothing_to_ask_with_is_said(serve, tmp_path):
    host = OnlyWith(tmp_path, without=f"{APT_HELPER} /usr/libexec/platform-python")
    (answer,) = ask(host, {"a": serve(deb_tree())})
    assert "none of curl, wget, apt-helper, python and busybox" in answer.problem


PACKINGS = {
    ".gz": (gzip.compress, ()),
    ".xz": (lzma.compress, ("xz",)),
    ".bz2": (bz2.compress, ("bzip2",)),
    "": (bytes, ()),
}


@pytest.mark.parametrize("ending", PACKINGS)
def test_every_packing_of_a_list_is_read(ending, serve, tmp_path):
    pack, tools = PACKINGS[ending]
    url = serve(rpm_tree(pack(PRIMARY.encode()), ending))
    (answer,) = ask(OnlyWith(tmp_path, "curl", *tools), {"a": url}, ROCKY, "rocky-9")
    assert (answer.problem, answer.versions) == (
        "",
        {"docker-ce": ("3:26.1.5-1.el9",), "docker-ce-cli": ("1:26.1.5-1.el9",)},
    )


def test_zstandard_is_read_where_something_reads_it(serve, tmp_path):
    needs("zstd")
    packed = subprocess.run(["zstd", "-qc"], input=PRIMARY.encode(), capture_output=True, check=True).stdout
    url = serve(rpm_tree(packed, ".zst"))
    (answer,) = ask(OnlyWith(tmp_path, "curl", "zstd"), {"a": url}, ROCKY, "rocky-9")
    assert answer.versions["docker-ce"] == ("3:26.1.5-1.el9",)


def test_a_list_that_nothing_here_unpacks_is_left_to_the_package_manager(serve, tmp_path):
    url = serve(rpm_tree(b"\x28\xb5\x2f\xfd not to be unpacked here", ".zst"))
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": url}, ROCKY, "rocky-9")
    assert (answer.problem, answer.listed, answer.versions) == ("", False, {})


def test_each_way_to_be_unusable_has_its_reason(serve, tmp_path):
    behind = deb_tree()
    behind["/linux/ubuntu/dists/noble/stable/binary-amd64/Packages.gz"] = gzip.compress(b"Package: other\n")
    keyless = {path: body for path, body in deb_tree().items() if not path.endswith("/gpg")}
    listless = {path: body for path, body in deb_tree().items() if not path.endswith(".gz")}
    answers = ask(
        OnlyWith(tmp_path, "curl"),
        {
            "page": serve(deb_tree(index="<html>welcome</html>")),
            "behind": serve(behind),
            "keyless": serve(keyless),
            "listless": serve(listless),
            "swapped": serve(deb_tree(key=OTHER_KEY)),
            "closed": "http://127.0.0.1:1",
        },
    )
    problems = {answer.source.name: answer.problem for answer in answers}
    assert "is not an InRelease file" in problems["page"]
    assert "does not match its index" in problems["behind"]
    assert problems["keyless"].startswith("no key:")
    assert problems["listless"].startswith("no package list:")
    assert problems["swapped"] == ""
    assert "nothing of it is trusted" in key_problem(answers[4])
    assert "127.0.0.1" in problems["closed"]


def test_a_release_that_is_not_carried_steps_back(serve, tmp_path):
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": serve(deb_tree(suite="jammy"))})
    assert (answer.problem, str(answer.suite)) == ("", "ubuntu/jammy")
    assert "does not carry ubuntu/noble (yet)" in answer.stepped_back


def test_a_silent_source_costs_its_limit_once_and_only_itself(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(source_probe, "LIMIT", 2)
    silent = {"/linux/ubuntu/dists/noble/InRelease": 20}
    began = time.monotonic()
    first, second = ask(OnlyWith(tmp_path, "curl"), {"silent": serve(silent), "good": serve(deb_tree())})
    assert "no answer within 2 s" in first.problem
    assert second.problem == ""
    assert time.monotonic() - began < 8


def test_nobody_waits_for_the_others_once_the_first_has_answered(serve, tmp_path):
    silent = {"/linux/ubuntu/dists/noble/InRelease": 20}
    began = time.monotonic()
    first, second = ask(OnlyWith(tmp_path, "curl"), {"good": serve(deb_tree()), "silent": serve(silent)}, patient=False)
    assert (first.problem, second.problem) == ("", "not waited for")
    assert time.monotonic() - began < 4


def test_the_nonce_keeps_a_list_from_passing_as_a_frame(serve, tmp_path):
    hostile = deb_tree(packages=f"Package: docker-ce\nVersion: @@{new_nonce()} done 0\n")
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": serve(hostile)})
    assert answer.problem == ""
