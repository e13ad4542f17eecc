"""The whole way on the machine that runs the tests: real packages, a real engine, a real container.

It installs Docker Engine here and changes /etc/docker/daemon.json for its own duration, so it runs where that is
expected: under CI=true, or with PROVISIONER_TEST_THIS_MACHINE=1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.command_line import COMMAND, run
from tests.testbed import debs

CONFIG = Path("/etc/docker/daemon.json")
WANTED = os.environ.get("CI") == "true" or os.environ.get("PROVISIONER_TEST_THIS_MACHINE") == "1"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not WANTED, reason="would install Docker on this machine; PROVISIONER_TEST_THIS_MACHINE=1 allows it"
    ),
]


def provisioner(*words):
    return run([*COMMAND, *words], timeout=None)


def docker(*words):
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def engine():
    assert os.geteuid() == 0, "these tests need root"
    saved = CONFIG.read_bytes() if CONFIG.exists() else None
    mode = CONFIG.stat().st_mode if CONFIG.exists() else None
    installed = provisioner("apply", "--yes", "--strategy", "distro-packages", "--json")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text('{\n    "shutdown-timeout":   9,\n\t"labels": ["kept=yes"]}')
    CONFIG.chmod(0o600)
    yield
    provisioner("mirror", "clear", "--yes")
    if saved is None:
        CONFIG.unlink()
    else:
        CONFIG.write_bytes(saved)
        CONFIG.chmod(mode & 0o777)


@pytest.fixture(scope="module")
def container(engine, tmp_path_factory):
    """A running container made of one static binary, without any registry."""
    root = tmp_path_factory.mktemp("image")
    shutil.copy(next(debs.unpacked("busybox-static").glob("**/bin/busybox")), root / "busybox")
    archive = root.parent / "image.tar"
    subprocess.run(["tar", "-C", root, "-cf", archive, "busybox"], check=True)
    docker("import", str(archive), "provisioner-test")
    identifier = docker("run", "-d", "--rm", "--network", "none", "provisioner-test", "/busybox", "sleep", "600")
    yield identifier
    docker("rm", "-f", identifier)
    docker("rmi", "provisioner-test")


def state(container):
    return docker("inspect", "--format", "{{.State.Pid}} {{.State.StartedAt}}", container)


def mirrors():
    return json.loads(docker("info", "--format", "{{json .RegistryConfig.Mirrors}}")) or []


def test_a_second_run_has_nothing_to_do(engine):
    again = provisioner("apply", "--yes")
    assert again.returncode == 0
    assert "nothing to do" in again.stdout


def test_mirrors_change_while_a_container_runs(container):
    before = state(container)
    changed = provisioner("mirror", "set", "https://one.example", "http://127.0.0.1:5000", "--yes", "--force")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert mirrors() == ["https://one.example/", "http://127.0.0.1:5000/"]
    assert state(container) == before
    document = json.loads(CONFIG.read_text())
    assert (document["shutdown-timeout"], document["labels"]) == (9, ["kept=yes"])
    assert '"shutdown-timeout":   9' in CONFIG.read_text()
    assert CONFIG.stat().st_mode & 0o777 == 0o600
    cleared = provisioner("mirror", "clear", "--yes")
    assert cleared.returncode == 0, cleared.stdout + cleared.stderr
    assert mirrors() == []
    assert state(container) == before


def test_a_restart_that_would_stop_a_container_is_blocked(container):
    before = CONFIG.read_text()
    blocked = provisioner("apply", "--daemon", "storage-driver=nosuch", "--yes")
    assert blocked.returncode == 8, blocked.stdout
    assert "--allow-restart" in blocked.stdout
    assert CONFIG.read_text() == before


def test_a_broken_file_is_refused_with_its_place(engine):
    good = CONFIG.read_text()
    CONFIG.write_text('{\n  "debug": true,\n}')
    refused = provisioner("mirror", "set", "https://one.example", "--yes")
    assert refused.returncode == 6
    assert "line 3, column 1" in refused.stdout
    assert CONFIG.read_text() == '{\n  "debug": true,\n}'
    CONFIG.write_text(good)


def test_what_the_daemon_refuses_is_rolled_back(container):
    before = CONFIG.read_text()
    result = provisioner("apply", "--daemon", "storage-driver=nosuch", "--allow-restart", "--yes", "--json")
    assert result.returncode == 6
    (host,) = json.loads(result.stdout)["hosts"]
    assert host["status"] == "rolled_back"
    assert "driver not supported" in host["error"]["message"]
    assert CONFIG.read_text() == before
    assert docker("version", "--format", "{{.Server.Version}}")


def test_a_wrong_mirror_is_refused_before_anything_is_asked():
    refused = provisioner("mirror", "set", "ftp://one.example", "root@192.0.2.1", "--yes")
    assert refused.returncode == 2
    assert "needs http:// or https://" in refused.stderr
