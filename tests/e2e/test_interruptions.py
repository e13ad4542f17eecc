"""What becomes of a change when the connection, or the controller, goes away in its middle."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.e2e.command_line import command, outcomes, provisioner
from tests.until import until

pytestmark = pytest.mark.e2e
INSTALL = ("apply", "--strategy", "distro-packages", "--yes")


@pytest.fixture
def bare(start_host):
    return start_host("debian-13")


def installing(host):
    return host.sh("pgrep -x apt-get", check=False).returncode == 0


def begun(bed, host, *words):
    return subprocess.Popen(
        command(bed, (*INSTALL, host.target, *words)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def test_a_lost_connection_is_joined_again(bare, bed):
    with begun(bed, bare) as running:
        until(lambda: installing(bare))
        # The server's side of the session goes, as when a link drops; the run on the host does not.
        bare.sh("pkill -f 'sshd.*: roo[t]' || true")
        out, err = running.communicate(timeout=300)
    assert running.returncode == 0, out + err
    assert "changed" in out
    assert bare.sh("docker version -f '{{.Server.Version}}'").stdout.startswith("26.1")


def test_a_controller_that_is_killed_leaves_a_run_that_ends_and_a_host_that_converges(bare, bed):
    with begun(bed, bare) as running:
        until(lambda: installing(bare))
        running.send_signal(signal.SIGKILL)
        running.wait()
        # A second operator meets the first one's run and is told so.
        second = provisioner(bed, *INSTALL, bare.target)
        assert second.returncode == 8, second.stdout + second.stderr
        assert "locked: " in second.stdout
        assert " since " in second.stdout
    unfinished = "for run in /var/lib/provisioner/runs/*; do [ -e $run/ended ] || echo $run; done"
    until(lambda: bare.sh(unfinished).stdout == "", 240)
    assert bare.sh("docker version -f '{{.Server.Version}}'").stdout.startswith("26.1")
    (result,) = outcomes(bed, *INSTALL, bare.target).values()
    assert result["status"] == "converged"
