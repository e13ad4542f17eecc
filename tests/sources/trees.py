"""Package sources as mappings of paths to bytes, and this machine as a host that has few tools."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import shutil
import subprocess
import sys
from dataclasses import replace

from provisioner.catalogue.platforms import platforms
from provisioner.remote.source_probe import probe_sources
from provisioner.sources.reach import sources_to_ask
from provisioner.transports.base import Completed
from provisioner.wanted.spec import Spec
from tests.hosts import BARE
from tests.keys import FINGERPRINT, KEY
from tests.machine import needs

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
    "chmod", "head", "id", "cut", "tail", "env", "sort",
)  # fmt: skip


def deb_tree(base="", suite="noble", key=KEY, packages=PACKAGES, index=None):
    packed = gzip.compress(packages.encode())
    root = f"{base}/linux/ubuntu"
    plain = packages.encode()
    # What is unpacked is named whether it is published or not: apt wants it so.
    text = index or (
        "-----BEGIN PGP SIGNED MESSAGE-----\n"
        f"SHA256:\n {hashlib.sha256(plain).hexdigest()} {len(plain)} stable/binary-amd64/Packages\n"
        f" {hashlib.sha256(packed).hexdigest()} {len(packed)} stable/binary-amd64/Packages.gz\n"
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


def apt_tree(lists, *, served=None, plain=True):
    """A source whose index names `lists`, by path; `served` are those that differ, None for one that is not there.

    With `plain` the list of this architecture is named unpacked as well, as apt wants it, without being there.
    """
    tree = deb_tree()
    below = "/linux/ubuntu/dists/noble"
    del tree[f"{below}/{LISTS}.gz"]
    named = "".join(f" {hashlib.sha256(body).hexdigest()} {len(body)} {path}\n" for path, body in lists.items())
    if plain and LISTS not in lists:
        named += f" {hashlib.sha256(PACKAGES.encode()).hexdigest()} {len(PACKAGES)} {LISTS}\n"
    others = "".join(f" {hashlib.md5(body).hexdigest()} {len(body)} {path}\n" for path, body in lists.items())
    text = f"-----BEGIN PGP SIGNED MESSAGE-----\nMD5Sum:\n{others}SHA256:\n{named}-----BEGIN PGP SIGNATURE-----\n"
    tree[f"{below}/InRelease"] = text.encode()
    tree.update({f"{below}/{path}": body for path, body in {**lists, **(served or {})}.items() if body is not None})
    return Asked(tree)


class Asked(dict):
    """A tree that remembers what was asked for, by the last part of its path."""

    def __init__(self, tree):
        super().__init__(tree)
        self.asked = []

    def get(self, path):
        self.asked.append(path.rpartition("/")[2])
        return super().get(path)


class OnlyWith:
    """A transport to this machine whose PATH holds nothing but the tools that are named."""

    name = "here"
    become_method = ""

    def __init__(self, directory, *tools, without="", shell=("sh",)):
        self.path, self.without = directory, without
        self.shell = [shutil.which(shell[0]) or needs(shell[0]), *shell[1:]]
        for tool in {*NEEDED, *tools}:
            found = sys.executable if tool == "python3" else shutil.which(tool)
            if found is None:
                needs(tool)
            (directory / tool).symlink_to(found)

    def run(self, script, *, timeout, on_line=None):
        environment = {"PATH": str(self.path), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
        script = script.replace("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin", ":")
        for path in self.without.split():
            script = script.replace(path, "/nowhere")
        done = subprocess.run(
            self.shell,
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
    (row,) = (row for row in platforms() if row.slug == platform)
    sources = []
    for name, base in bases.items():
        (source,) = sources_to_ask(row, facts, Spec(source=base, source_fingerprint=FINGERPRINT, **wanted))
        sources.append(replace(source, name=name))
    return probe_sources(transport, tuple(sources), become_password=None, patient=patient)


APT_HELPER = "/usr/lib/apt/apt-helper"
PACKINGS = {
    ".gz": (gzip.compress, ()),
    ".xz": (lzma.compress, ("xz",)),
    ".bz2": (bz2.compress, ("bzip2",)),
    "": (bytes, ()),
}
SHELLS = {"dash": ("dash",), "bash": ("bash",), "busybox": ("busybox", "sh")}
LISTS = "stable/binary-amd64/Packages"


def zstandard(data):
    needs("zstd")
    return subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout


APT_PACKINGS = {**PACKINGS, ".zst": (zstandard, ("zstd",))}
VERSIONS = {
    "docker-ce": ("5:26.1.5-1~ubuntu.24.04~noble", "5:20.10.24~3-0~ubuntu-noble"),
    "containerd.io": ("1.6.20-1",),
}
