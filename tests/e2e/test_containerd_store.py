"""The containerd image store of 28.5: who served a pull, and the hosts.toml that overrides daemon.json in silence."""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("forky-engine")
    running.write("/etc/docker/daemon.json", json.dumps({"features": {"containerd-snapshotter": True}}))
    running.sh("systemctl restart docker")
    assert "io.containerd.snapshotter" in running.sh("docker info -f '{{.DriverStatus}}'").stdout
    yield running
    running.stop()


def test_the_mirror_that_served_is_named(host, bed):
    dead, first = bed.dead_mirror, bed.mirrors[0]
    words = ("mirror", "set", dead, first.url, host.target, "--yes", "--force", "--proof", "hello-world")
    (result,) = outcomes(bed, *words).values()
    (proof,) = (check for check in result["checks"] if check["name"] == "proof")
    assert f"came from {first.url}" in proof["detail"]
    assert first.pulls(host) > 0
    assert json.loads(host.read("/etc/docker/daemon.json"))["features"] == {"containerd-snapshotter": True}
    assert host.sh("docker info -f '{{.Debug}}'").stdout == "false\n"


def test_a_hosts_toml_that_overrides_is_no_success(host, bed):
    first, second = bed.mirrors
    host.write(
        "/etc/docker/certs.d/docker.io/hosts.toml",
        f'server = "{second.url}"\n[host."{second.url}"]\n  capabilities = ["pull", "resolve"]\n'
        f'[host."{bed.dead_mirror}"]\n  capabilities = ["pull", "resolve"]\n',
    )
    done = provisioner(bed, "mirror", "set", first.url, host.target, "--yes", "--proof", "hello-world")
    assert done.returncode == 7, done.stdout + done.stderr
    assert f"came from {second.url}" in done.stdout
    assert "hosts.toml" in done.stdout + done.stderr
