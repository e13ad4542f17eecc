"""The policy that keeps services from starting during an installation: it ends with its run, whatever ends that."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import replace

import pytest

from tests.e2e.command_line import begun, outcomes
from tests.until import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
POLICY = "/usr/sbin/policy-rc.d"
INSTALL = ("apply", "--strategy", "distro-packages", "--yes")
UNIT = "[Service]\nType=oneshot\nExecStart=/bin/touch /root/started\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture
def host(start_host):
    return start_host("debian-13")


def guarded(bed, host):
    """A controller whose run has its policy in place and unpacks packages."""
    running = begun(bed, *INSTALL, host.target, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: host.sh(f"test -x {POLICY} && pgrep -x dpkg", check=False).returncode == 0, 240)
    return running


def starts_services(host):
    """A package's way to start the service it has just enabled."""
    host.write("/etc/systemd/system/probe.service", UNIT)
    host.sh(
        "rm -f /root/started; systemctl daemon-reload; systemctl -q enable probe; deb-systemd-invoke start probe.service"
    )
    return host.sh("test -e /root/started", check=False).returncode == 0


def there(host):
    return host.sh(f"ls {POLICY}", check=False).returncode == 0


def rebooted(bed, host):
    """The power goes, and comes again."""
    host.sh("rm -f /etc/ssh/ssh_host_ed25519_key*")  # the image makes one at each start, and does not overwrite
    subprocess.run(["docker", "kill", host.name], check=True, capture_output=True)
    subprocess.run(["docker", "start", host.name], check=True, capture_output=True)
    asked = ["docker", "port", host.name, "22"]
    until(lambda: host.sh("systemctl is-system-running --wait", check=False).stdout in {"running\n", "degraded\n"})
    port = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()[0].rpartition(":")[2]
    again = replace(host, port=int(port))
    with bed.known_hosts.open("a") as file:
        file.write(f"[{again.address}]:{again.port} {again.read('/etc/ssh/ssh_host_ed25519_key.pub')}")
    return again


def test_a_power_cut_leaves_a_host_that_starts_services(bed, host):
    running = guarded(bed, host)
    assert not starts_services(host)
    assert there(host)
    running.send_signal(signal.SIGKILL)
    running.wait()
    host = rebooted(bed, host)
    assert there(host), "nobody has asked it yet"
    assert starts_services(host)
    assert not there(host), "it goes when it is asked"
    (result,) = outcomes(bed, *INSTALL, host.target).values()
    assert result["status"] == "changed"
    assert not there(host)
    assert starts_services(host)


def test_the_next_run_takes_away_what_a_cut_one_has_left_and_keeps_what_is_not_its_own(bed, host):
    with guarded(bed, host) as running:
        running.kill()
    host.sh("pkill -9 -f /var/lib/provisioner/runs/; pkill -9 -x 'apt-get|dpkg'", check=False)
    host.sh("sleep 1; dpkg --configure -a; apt-get -y -q remove docker.io containerd", check=False, timeout=300)
    host.sh(f"grep -q '^# provisioner: of /var/lib/provisioner/runs/' {POLICY}")
    outcomes(bed, *INSTALL, host.target)
    assert not there(host)
    # An older version's looks like one that many write by hand; its run says that it was its own.
    old = "/var/lib/provisioner/runs/20260101T000000Z-old"
    theirs = "#!/bin/sh\nexit 101\n"
    host.lets_stay("^state: .* runs/20260101T000000Z-old(/(undo|pid|ended))?$", why="it is made here, not by a run")
    host.write(POLICY, theirs, "755")
    host.sh(f"mkdir {old}; sleep 0.1; echo 'absent {POLICY}' >{old}/undo; echo 99999 >{old}/pid")
    outcomes(bed, "mirror", "set", "https://one.example", host.target, "--yes", "--force")
    assert not there(host)
    # Somebody else's stays as it is.
    host.sh(f"rm -rf {old}; mkdir {old}; echo 'absent {POLICY}' >{old}/undo; sleep 0.1")
    host.write(POLICY, theirs, "755")
    outcomes(bed, "mirror", "set", "https://two.example", host.target, "--yes", "--force")
    assert host.read(POLICY) == theirs
    host.sh(f"rm {POLICY}; apt-get -y -q remove docker.io containerd", timeout=300)
    host.write(POLICY, theirs, "755")
    before = host.sh(f"stat -c '%a %U %i %y' {POLICY}").stdout
    outcomes(bed, *INSTALL, host.target)
    assert host.sh(f"stat -c '%a %U %i %y' {POLICY}").stdout == before
    assert host.read(POLICY) == theirs
