"""An engine of the distribution makes room for docker-ce; its images, containers and volumes stay."""

from __future__ import annotations

import pytest

from tests.e2e.command_line import outcomes, provisioner

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_images_containers_and_volumes_outlive_the_switch(start_host, bed):
    host = start_host("debian-13-engine")
    outcomes(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
    host.sh("docker pull -q busybox && docker tag busybox mine:1 && docker volume create data")
    host.sh("docker run -d --name web --network none -v data:/data busybox sh -c 'echo kept >/data/file; sleep 1000'")
    wanted = (
        "apply", host.target, "--yes", "--strategy", "apt-repo",
        "--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint,
    )  # fmt: skip
    blocked = provisioner(bed, *wanted)
    assert blocked.returncode == 8, blocked.stdout + blocked.stderr
    assert "another engine takes the place of the running one" in blocked.stdout
    assert host.sh("docker inspect -f '{{.State.Running}}' web").stdout == "true\n"

    result = outcomes(bed, *wanted, "--allow-restart")[host.target]
    assert (result["status"], result["strategy"]) == ("changed", "apt-repo")
    installed = host.sh("dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' 'docker*' 'containerd*' runc").stdout
    there = {line.split()[0] for line in installed.splitlines() if line.split()[-1] == "ii"}
    assert {"docker-ce", "docker-ce-cli", "containerd.io"} <= there
    assert not {"docker.io", "docker-cli", "containerd", "runc"} & there
    assert host.sh("docker image inspect -f '{{.Id}}' mine:1").stdout.startswith("sha256:")
    assert host.sh("docker volume ls -q").stdout == "data\n"
    assert host.sh("cat /var/lib/docker/volumes/data/_data/file").stdout == "kept\n"
    assert host.sh("docker start web && docker inspect -f '{{.State.Running}}' web").stdout == "web\ntrue\n"
    assert outcomes(bed, *wanted)[host.target]["status"] == "converged"
