"""An engine that never becomes ready with its new configuration: the run ends, and the old one is back."""

from __future__ import annotations

import time

import pytest

from tests.e2e.command_line import outcomes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
CONFIG = "/etc/docker/daemon.json"
# Where it is told so, it neither becomes ready nor ends when it is asked to.
WRAPPER = """#!/bin/sh
if grep -q '"icc"' /etc/docker/daemon.json; then trap '' TERM; while :; do sleep 1; done; fi
exec /usr/sbin/dockerd "$@"
"""
UNIT = """[Service]
ExecStart=
ExecStart=/usr/local/sbin/wrapped-dockerd -H fd://
TimeoutStartSec=0
TimeoutStopSec=0
"""


@pytest.fixture
def host(start_host):
    host = start_host("debian-13-engine")
    host.write("/usr/local/sbin/wrapped-dockerd", WRAPPER, "755")
    host.write("/etc/systemd/system/docker.service.d/wrapped.conf", UNIT)
    host.write(CONFIG, '{"labels": ["kept=yes"]}')
    host.sh("systemctl daemon-reload; systemctl restart docker")
    return host


def test_a_unit_that_never_becomes_ready_is_given_up_and_its_configuration_taken_back(host, bed):
    began = time.monotonic()
    words = ("apply", "--daemon", "icc=false", host.target, "--yes", "--allow-restart")
    (result,) = outcomes(bed, *words, status=6, timeout=600).values()
    assert time.monotonic() - began < 300
    assert result["status"] == "rolled_back"
    assert "the engine does not start with this configuration" in result["error"]["message"]
    assert host.read(CONFIG) == '{"labels": ["kept=yes"]}'
    assert host.sh("systemctl is-active docker").stdout == "active\n"
    assert host.sh("docker info -f '{{.Labels}}'").stdout == "[kept=yes]\n"
    assert "docker.service" not in host.sh("systemctl list-jobs --no-legend").stdout
    assert host.sh("pgrep -cf wrapped[-]dockerd", check=False).stdout == "0\n"
    # The lock is free.
    outcomes(bed, "mirror", "set", "https://afterwards.example", host.target, "--yes", "--force")
