"""The sweep of hosts finds what it says it does."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.command_line import Begun, outcomes, run
from tests.e2e.sweep import left_on

pytestmark = pytest.mark.e2e
STATE = "/var/lib/provisioner"
ITS_RUN = f"{STATE}/runs/20260101T000000Z-abcdef"
LITTER = {
    "readable": (f"chmod 755 {STATE}", f"readable: 755 root {STATE}"),
    "held lock": (f"echo somebody >{STATE}/lock", "state: f9 lock"),
    "pending proof": (f"echo x >{STATE}/proof", "state: f2 proof"),
    "follower": (f"mkfifo {ITS_RUN}/follow.1", f"state: p0 {ITS_RUN.removeprefix(f'{STATE}/')}/follow.1"),
    "packages kept": (f"mkdir {ITS_RUN}/packages", f" {ITS_RUN.removeprefix(f'{STATE}/')}/packages"),
    "no end": (f"rm {ITS_RUN}/ended", f"unfinished: {ITS_RUN}"),
    "draft": ("touch /etc/docker/daemon.json.provisioner", "file: /etc/docker/daemon.json.provisioner"),
    "other draft": ("touch /etc/docker/daemon.json.new", "file: /etc/docker/daemon.json.new"),
    "candidate": ("touch /etc/docker/x.candidate", "file: /etc/docker/x.candidate"),
    "backups": (
        "for n in $(seq 10 20); do touch /etc/docker/daemon.json.20240101T0000${n}Z.bak; done",
        "more than 10 backups: /etc/docker/daemon.json",
    ),
    "older lock": ("touch /run/lock/provisioner.lock", "file: /run/lock/provisioner.lock"),
    "room": ("mktemp -d /tmp/tmp.XXXXXXXXXX", "temporary: /tmp/tmp."),
    "way of a password": ("mktemp -d /dev/shm/provisioner.XXXXXX", "file: /dev/shm/provisioner."),
    "fifo": ("mkfifo /root/fifo", "fifo: /root/fifo"),
    "policy": (
        f"printf '#!/bin/sh\\n# provisioner: of {ITS_RUN}\\n' >/usr/sbin/policy-rc.d",
        "file: /usr/sbin/policy-rc.d",
    ),
    "condition": (
        f"d=/run/systemd/system/docker.service.d; mkdir -p $d; echo '# provisioner: of {ITS_RUN}' >$d/provisioner.conf",
        "file: /run/systemd/system/docker.service.d/provisioner.conf",
    ),
    "key": ("touch /etc/apt/keyrings/docker.asc", "key of no source: /etc/apt/keyrings/docker.asc"),
    "hold": ("apt-mark hold docker.io", "held: docker.io"),
    "process": (f"nohup sh -c 'while :; do sleep 1; done' {ITS_RUN}/run.sh >/dev/null 2>&1 &", "process: "),
    "open file": (f"nohup sleep 600 >{ITS_RUN}/log 2>&1 9<{STATE}/lock &", f"/fd/9 {STATE}/lock"),
    "environment": (f"DOCKER_CONFIG={ITS_RUN}/client nohup sleep 600 >/dev/null 2>&1 &", "environment: /proc/"),
    "mount": ("mkdir -p /tmp/x; mount -t tmpfs none /tmp/x", "mount: /tmp/x"),
    "debug": (
        """echo '{"debug": true}' >/etc/docker/daemon.json; systemctl reload docker; sleep 1; rm /etc/docker/daemon.json""",
        "engine: it logs at debug",
    ),
}


def test_every_kind_of_litter_is_found(bed):
    host = bed.start("debian-13-engine")
    try:
        outcomes(bed, "mirror", "set", "https://one.example", host.target, "--yes", "--force")
        assert left_on(host.name) == []
        host.sh(f"mkdir {ITS_RUN}; touch {ITS_RUN}/ended")
        missed = []
        for what, (plant, expected) in LITTER.items():
            host.sh(plant)
            if not any(expected in line for line in left_on(host.name, patience=0)):
                missed.append(what)
        host.lets_stay(".", why="all of it was put there")
        assert missed == []
    finally:
        host.stop()


def test_a_bug_of_the_program_fails_the_test_that_ran_it():
    for code in ("raise SystemExit(70)", "raise ValueError", "print('this is a bug in provisioner: KeyError')"):
        with pytest.raises(pytest.fail.Exception, match="a bug, status"):
            run([sys.executable, "-c", code])
    going_on = Begun([sys.executable, "-c", "raise SystemExit(70)"])
    with pytest.raises(pytest.fail.Exception, match="a bug, status 70"), going_on:
        pass
