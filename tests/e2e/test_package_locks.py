"""Somebody else's package manager: waited for, named, and given up on without leaving anything half done."""

from __future__ import annotations

import subprocess
import time

import pytest

from provisioner.plan.model import Plan, Step
from provisioner.scripts.render import apply_script
from tests.e2e.command_line import provisioner

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

# Locks as apt and dpkg do, with fcntl.
HOLD = """perl -e 'use Fcntl; open(my $f, "+>>", $ARGV[0]) or die; my $lock = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0);
fcntl($f, F_SETLK, $lock) or die "busy: $!"; sleep $ARGV[1]' {path} {seconds}"""
LOCKS = {
    "dpkg": "/var/lib/dpkg/lock-frontend",
    "lists": "/var/lib/apt/lists/lock",
}


@pytest.fixture
def hold():
    holders = []

    def start(host, path, seconds):
        words = ["docker", "exec", host.name, "sh", "-c", HOLD.format(path=path, seconds=seconds)]
        holder = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        holders.append(holder)
        time.sleep(0.5)
        assert holder.poll() is None
        return holder

    yield start
    for holder in holders:
        holder.kill()
        holder.wait()


def apply(bed, host, *words):
    options = ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)
    done = provisioner(bed, "apply", "--yes", host.target, *options, *words)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_of_apt_is_waited_for_and_its_holder_named(bed, start_host, hold, lock):
    host = start_host("ubuntu-24.04-lookalike")
    holder = hold(host, LOCKS[lock], 30)
    status, said = apply(bed, host)
    assert status == 0, said
    assert "perl" in said
    assert f"holds {LOCKS[lock]}" in said
    assert holder.poll() is not None
    assert host.sh("docker version --format '{{.Server.Version}}'").stdout.startswith("26.1.5")


def test_a_running_dnf_is_waited_for_and_named(bed, start_host):
    host = start_host("centos-9-lookalike")
    host.sh("cp /bin/sleep /usr/local/bin/dnf-automatic && (dnf-automatic 20 & printf %s $! >/var/run/dnf.pid)")
    status, said = apply(bed, host)
    assert status == 0, said
    assert "dnf-automatic 20) holds /var/run/dnf.pid" in said
    assert host.sh("docker version --format '{{.Server.Version}}'").stdout.startswith("26.1.5")


def test_a_limit_that_is_reached_is_an_error_and_nothing_is_half_done(start_host, hold):
    host = start_host("ubuntu-24.04-lookalike")
    before = host.sh("dpkg-query -W; ls -A /usr/sbin/policy-rc.d /etc/apt/sources.list.d 2>&1", check=False).stdout
    params = {
        "packages": ["hello"],
        "held": [],
        "refresh": "all",
        "renew": False,
        "source_file": "",
        "version_prefix": "",
        "flags": [],
        "lock_timeout": 3,
    }
    step = Step("packages", "install hello", "", "+", "apt_install", params)
    script = apply_script(Plan("h", "p", "s", steps=(step,)))
    host.lets_stay("^temporary: /tmp/tmp[.]", why="a script that is run by hand, and fails, keeps what it had copied")
    hold(host, LOCKS["dpkg"], 60)
    began = time.monotonic()
    done = host.sh("sh -s N", stdin=script, check=False)
    assert done.returncode == 75
    assert time.monotonic() - began < 20
    assert "@@N locked pid" in done.stdout
    assert "perl" in done.stdout
    after = host.sh("dpkg-query -W; ls -A /usr/sbin/policy-rc.d /etc/apt/sources.list.d 2>&1", check=False).stdout
    assert after == before


def test_what_dpkg_left_half_done_is_finished(bed, start_host):
    host = start_host("ubuntu-24.04-lookalike")
    host.sh(
        "mkdir -p /tmp/p/DEBIAN && printf 'Package: broken\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b.invalid>\\n"
        "Description: x\\n' >/tmp/p/DEBIAN/control && printf '#!/bin/sh\\ntest -e /fixed\\n' >/tmp/p/DEBIAN/postinst && "
        "chmod 755 /tmp/p/DEBIAN/postinst && dpkg-deb -b /tmp/p /tmp/p.deb && ! dpkg -i /tmp/p.deb"
    )
    status, said = apply(bed, host)
    assert status != 0
    assert "broken" in said
    host.sh("touch /fixed")
    status, said = apply(bed, host)
    assert status == 0, said
    assert host.sh("dpkg-query -W -f '${db:Status-Abbrev}' broken").stdout.startswith("ii")
