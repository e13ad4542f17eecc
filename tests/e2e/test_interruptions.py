"""What becomes of a change when the connection, or the controller, goes away in its middle."""

from __future__ import annotations

import signal
import threading

import pytest

from tests.e2e.command_line import at_a_terminal, begun, outcomes, provisioner
from tests.until import until

pytestmark = pytest.mark.e2e
INSTALL = ("apply", "--strategy", "distro-packages", "--yes")


# A reload that takes its time, so that there is a middle in which something can happen.
SLOW_RELOAD = "[Service]\nExecReload=\nExecReload=/bin/sh -c 'sleep 5; kill -HUP $MAINPID'\n"


@pytest.fixture
def bare(start_host):
    return start_host("debian-13")


@pytest.fixture(scope="module")
def slow(bed):
    host = bed.start("debian-13-engine")
    host.write("/etc/systemd/system/docker.service.d/slow.conf", SLOW_RELOAD)
    host.sh("systemctl daemon-reload")
    yield host
    host.stop()


def installing(host):
    return host.sh("pgrep -x apt-get", check=False).returncode == 0


def test_a_lost_connection_is_joined_again(bare, bed):
    with begun(bed, *INSTALL, bare.target) as running:
        until(lambda: installing(bare))
        # The server's side of the session goes, as when a link drops; the run on the host does not.
        bare.sh("pkill -f 'sshd.*: roo[t]' || true")
        out, err = running.communicate(timeout=300)
    assert running.returncode == 0, out + err
    assert "changed" in out
    assert bare.sh("docker version -f '{{.Server.Version}}'").stdout.startswith("26.1")


def test_a_controller_that_is_killed_leaves_a_run_that_ends_and_a_host_that_converges(bare, bed):
    with begun(bed, *INSTALL, bare.target) as running:
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


@pytest.mark.parametrize(("user", "mirror", "more"), [("ops", 0, ()), ("pat", 1, ("-K",))])
def test_an_account_that_becomes_root_by_sudo_joins_its_run_again(slow, bed, user, mirror, more):
    logins = f"journalctl -q --no-pager | grep -c 'Accepted publickey for {user} ' || true"
    runs = "ls /var/lib/provisioner/runs 2>/dev/null | wc -l"
    before, url = [int(slow.sh(count).stdout) for count in (logins, runs)], bed.mirrors[mirror].url

    def cut():
        until(lambda: slow.sh("pgrep -f 'sleep [5]'", check=False).returncode == 0)
        slow.sh(f"pkill -f 'sshd.*: {user[:-1]}[{user[-1]}]' || true")

    cutting = threading.Thread(target=cut)
    cutting.start()
    words = ("mirror", "set", url, slow.target_as(user), "--yes", *more)
    status, shown = at_a_terminal(bed, *words, answers=[bed.passwords["pat"]] if more else [], timeout=120)
    cutting.join()
    assert status == 0, shown
    assert "changed" in shown
    assert url in slow.sh("docker info -f '{{.RegistryConfig.Mirrors}}'").stdout
    # One login to look and to begin, which was cut off, and one to join: of one run.
    assert [int(slow.sh(count).stdout) for count in (logins, runs)] == [before[0] + 2, before[1] + 1]
    assert bed.passwords["pat"] not in shown
    assert slow.sh("grep -rIl s3cret /var/lib/provisioner", check=False).stdout == ""
