"""Engines that are not where packages put them, in look-alikes: Docker's snap, and podman, containerd and k3s beside it."""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e
SNAP_CONFIG = "/var/snap/docker/current/config/daemon.json"

# What snapd does for the engine: its own file, its own pid file, and a restart by name.
SNAP = f"""#!/bin/sh
case "$1 $2" in
  "restart docker.dockerd" | "start docker.dockerd") ;;
  *) exit 64 ;;
esac
echo "$*" >>/root/snap.log
if [ -r /run/snap.docker/docker.pid ]; then kill "$(cat /run/snap.docker/docker.pid)" && sleep 2; fi
setsid /snap/docker/current/bin/dockerd --pidfile /run/snap.docker/docker.pid --config-file {SNAP_CONFIG} \\
  >>/var/log/snap-docker.log 2>&1 </dev/null &
for i in 1 2 3 4 5 6 7 8 9; do /snap/bin/docker version >/dev/null 2>&1 && exit 0; sleep 1; done
exit 1
"""


@pytest.fixture(scope="module")
def snap(bed):
    host = bed.start("debian-12-engine", name="snap-lookalike")
    host.write("/usr/local/bin/snap", SNAP, mode="755")
    host.write(SNAP_CONFIG, '{"log-level": "error"}')
    host.sh(
        "systemctl stop docker.service docker.socket; systemctl mask docker.service docker.socket 2>/dev/null;"
        "mkdir -p /snap/docker/current/bin /snap/bin /run/snap.docker;"
        "mv /usr/sbin/dockerd /snap/docker/current/bin/; mv /usr/bin/docker /snap/bin/; snap start docker.dockerd"
    )
    yield host
    host.stop()


def test_the_snaps_engine_changes_in_its_own_file(snap, bed):
    first = bed.mirrors[0].url
    (result,) = outcomes(bed, "mirror", "set", first, snap.target, "--yes").values()
    assert result["registry_mirrors"] == [first]
    assert json.loads(snap.read(SNAP_CONFIG)) == {"log-level": "error", "registry-mirrors": [first]}
    assert snap.sh("test -e /etc/docker/daemon.json", check=False).returncode == 1
    status = json.loads(provisioner(bed, "mirror", "status", snap.target, "--json").stdout)["hosts"][0]
    assert (status["configured"]["by"], status["engine"]) == (SNAP_CONFIG, [first])
    assert snap.sh("cat /root/snap.log").stdout.count("restart") == 0


def test_packages_do_not_come_on_top_of_a_snap(snap, bed):
    done = provisioner(bed, "apply", snap.target, "--yes")
    assert done.returncode == 5
    assert "snap remove docker" in done.stdout


def test_the_same_mirrors_go_to_other_engines(bed):
    host = bed.start("debian-12-engine", name="others")
    try:
        for name in ("podman", "k3s"):
            host.write(f"/usr/local/bin/{name}", "#!/bin/sh\n", mode="755")
        registries = "/etc/rancher/k3s/registries.yaml"
        host.write(registries, "# site\nmirrors:\n  ghcr.io:\n    endpoint: [https://g.example]\n")
        first, second = (mirror.url for mirror in bed.mirrors)
        words = ("--also", "containerd,podman,k3s", host.target, "--yes")
        outcomes(bed, "mirror", "set", first, *words)
        (again,) = outcomes(bed, "mirror", "set", first, *words).values()
        assert again["status"] == "converged"
        outcomes(bed, "mirror", "add", second, *words)
        status = json.loads(provisioner(bed, "mirror", "status", host.target, "--json").stdout)["hosts"][0]
        found = {
            name: {row["registry"]: row["mirrors"] for row in rows} for name, rows in status["other_engines"].items()
        }
        assert {name: rows["docker.io"] for name, rows in found.items()} == {key: [first, second] for key in found}
        assert set(found) == {"containerd", "podman", "k3s"}
        assert found["k3s"]["ghcr.io"] == ["https://g.example"]
        outcomes(bed, "mirror", "clear", *words)
        assert host.read(registries) == "# site\nmirrors:\n  ghcr.io:\n    endpoint: [https://g.example]\n"
        left = host.sh("find /etc/containers/registries.conf.d /etc/containerd/certs.d -type f").stdout
        assert left == ""
    finally:
        host.stop()
