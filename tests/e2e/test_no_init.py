"""A host without an init system, from `make up` to an engine, and what is said about its future."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command_line import outcomes, provisioner, run

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parent.parent.parent


def test_make_up_ends_with_an_engine_and_again_with_nothing_to_do(start_host, bed):
    host = start_host("debian-12-noinit")
    arguments = f"--private-key {bed.key_file} --known-hosts {bed.known_hosts} --registry-mirror {bed.mirrors[0].url}"
    words = ["make", "up", f"TARGETS={host.target}", f"ARGS={arguments}"]
    first, again = (run(words, cwd=ROOT, timeout=400) for _ in range(2))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "nothing restarts the engine after a reboot" in first.stdout + first.stderr
    assert host.sh("docker version -f '{{.Server.Version}}'").stdout.startswith("20.10.24")
    assert "Hello from Docker!" in host.sh("docker run --rm --network none hello-world").stdout
    assert host.sh("ps -o comm= -p $(cat /run/docker.pid)").stdout == "dockerd\n"
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing to do" in again.stdout
    # One exec: facts alone, no second one that would have made a run of it.
    assert host.sh("ls /var/lib/provisioner/runs | wc -l").stdout == "1\n"


def test_the_engine_outlives_the_login_that_started_it_and_mirrors_change_by_a_signal(start_host, bed):
    host = start_host("debian-12-noinit")
    outcomes(bed, "apply", host.target, "--yes", "--strategy", "distro-packages")
    pid = host.sh("cat /run/docker.pid").stdout
    outcomes(bed, "mirror", "set", bed.mirrors[1].url, host.target, "--yes")
    assert host.sh("cat /run/docker.pid").stdout == pid
    assert bed.mirrors[1].url in host.sh("docker info").stdout
    # A daemon that has died is found and started again, with what its last run left behind in the way.
    host.sh(f"kill -9 {pid}")
    again = provisioner(bed, "apply", host.target, "--yes", "--strategy", "distro-packages")
    assert again.returncode == 0, again.stdout + again.stderr
    assert host.sh("docker version -f '{{.Server.Version}}'").stdout.startswith("20.10.24")
