"""templates/facts.sh under the shells that hosts have, on the machine that runs the tests."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provisioner.facts.frames import frames
from provisioner.facts.parse import parse
from provisioner.scripts.render import template_text
from tests.machine import lacks, needs

SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
LOGIN = "\n@@n begin login\nuid=0(root) gid=0(root) groups=0(root)\nroot\n\n@@n end login\n"


def answer(shell, environment=None):
    """The facts' answer by `shell`; with busybox all the commands it has are its own."""
    command = SHELLS[shell]
    needs(command[0])
    done = subprocess.run(
        [*command, "-s", "n"],
        input="package_names=bash\n" + template_text("facts.sh"),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, **(environment or {})},
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def tools(tmp_path):
    """For busybox: a directory with all its commands, first on PATH."""
    if shutil.which("busybox"):
        subprocess.run(["busybox", "--install", "-s", str(tmp_path)], check=True)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}"}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gives_the_facts(shell, tools):
    facts = parse(LOGIN + answer(shell, tools if shell == "busybox" else None), "n")
    support = facts.kernel_support
    assert facts.kernel == platform.release()
    assert facts.memory > 0
    assert facts.clock == pytest.approx(time.time(), abs=60)
    assert {"pid", "net", "ipc", "uts", "mnt"} <= (support.namespaces or set())
    assert support.filesystems
    assert support.capabilities is not None
    assert support.open_files
    assert support.userland_bits == (64 if sys.maxsize > 2**32 else 32)
    assert facts.storage.mount_of("/")
    assert facts.disk_free
    assert all(inodes.total >= inodes.free for inodes in facts.storage.inodes.values())
    assert "/" in facts.storage.inodes


def test_all_shells_name_the_same_frames(tools):
    found = {}
    for shell, command in SHELLS.items():
        if shutil.which(command[0]):
            text = answer(shell, tools if shell == "busybox" else None)
            found[shell] = {frame.name for frame in frames(text, "n")}
    first = next(iter(found.values()))
    assert all(names == first for names in found.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_a_password_in_a_proxy_stays_on_the_host(shell):
    text = answer(shell, {"https_proxy": "http://someone:s3cret@proxy.example:3128"})
    assert "s3cret" not in text
    proxies = parse(LOGIN + text, "n").network.proxies
    assert ("environment", "https_proxy=http://***@proxy.example:3128") in [(row.where, row.setting) for row in proxies]


@pytest.mark.root
@pytest.mark.parametrize("shell", SHELLS)
def test_the_holder_of_a_package_lock_is_named(shell, tools):
    if os.geteuid() != 0 or not Path("/var/lib/dpkg/lock").exists():
        lacks("this takes dpkg's lock for a moment, as root")
    with Path("/var/lib/dpkg/lock").open("r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        facts = parse(LOGIN + answer(shell, tools if shell == "busybox" else None), "n")
    holders = {(found.path, found.pid) for found in facts.package_state.locks}
    assert ("/var/lib/dpkg/lock", os.getpid()) in holders


@pytest.mark.parametrize("shell", SHELLS)
def test_asking_a_client_for_its_version_calls_no_daemon(shell, tmp_path, tools):
    client = tmp_path / "docker"
    client.unlink(missing_ok=True)
    client.write_text('#!/bin/sh\n[ "$1" != --version ] || echo "Docker version 20.10.24, asks $DOCKER_HOST"\n')
    client.chmod(0o755)
    text = answer(shell, {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    said = {frame.name: frame.body for frame in frames(text, "n")}["docker-version"]
    assert said == "Docker version 20.10.24, asks unix:///nonexistent/docker.sock"


@pytest.mark.parametrize("uri", ["http://mirror.example/linux/debian", "http://mirror.example/linux/debian/"])
@pytest.mark.parametrize("text", ["Types: deb\nURIs: {}\nSuites: trixie\n", "deb {} trixie stable\n"])
def test_a_source_of_docker_is_found_however_its_address_ends(tmp_path, uri, text):
    path = tmp_path / "sources.list.d" / "mine.sources"
    path.parent.mkdir()
    path.write_text(text.format(uri))
    functions = template_text("facts.sh").partition("\naccounts() {")[0].replace("/etc/apt/", f"{tmp_path}/")
    asked = f"{functions}\npackage_sources\n"
    done = subprocess.run(["sh", "-s", "n"], input=asked, capture_output=True, text=True, check=False)
    assert f"{path}\n" in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("size", "read"), [(1_000_000, True), (1_000_001, False)])
def test_a_file_that_nobody_writes_by_hand_is_odd(shell, size, read, tmp_path):
    path = tmp_path / "daemon.json"
    path.write_text("x" * size)
    needs(SHELLS[shell][0])
    functions = template_text("facts.sh").split("operating_system() {")[0]
    asked = f"{functions}\nfile {path}\nprintf '\\n@@n done 0\\n'\n"
    done = subprocess.run([*SHELLS[shell], "-s", "n"], input=asked, capture_output=True, text=True, check=True)
    (frame,) = frames(done.stdout, "n")
    assert (frame.name == "file") == read
    if read:
        assert frame.body.startswith(f"{path}\n{path}\n644 ")
    else:
        assert (frame.name, frame.body) == ("odd-file", f"{path} is larger than a megabyte")
