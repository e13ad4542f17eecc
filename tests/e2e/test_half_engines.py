"""Engines of which a part is gone: the client, containerd, the socket. What is there is asked, what lacks is a step."""

from __future__ import annotations

import pytest

from tests.e2e import engine_states as states
from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e
NEW, NEWEST = "debian-13-engine", "forky-engine"
RUNNING = "docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' web"


def with_container(host, bed):
    states.start(host, config={"registry-mirrors": [bed.mirrors[0].url]})
    host.sh(
        "docker rm -f web 2>/dev/null; docker run -d --name web --stop-signal KILL --network none busybox sleep 9999"
    )
    return host.sh(RUNNING).stdout


@pytest.mark.parametrize("engine", [pytest.param(NEW, marks=pytest.mark.matrix), NEWEST])
def test_an_engine_without_its_client(on, bed, engine):
    host, second = on(engine), bed.mirrors[1].url
    before = with_container(host, bed)
    host.sh("cp /usr/bin/docker /root/client; dpkg --remove --force-depends docker-cli")
    status = provisioner(bed, "mirror", "status", host.target)
    assert (status.returncode, bed.mirrors[0].url in status.stdout) == (0, True), status.stdout
    outcomes(bed, "mirror", "set", second, host.target, "--yes")
    assert states.mirrors(host, "/root/client") == [f"{second}/"]
    assert "docker-cli is missing" in provisioner(bed, "status", host.target).stdout
    (result,) = outcomes(bed, "apply", host.target, "--yes").values()
    assert [step["id"] for step in result["steps"]] == ["packages"]
    assert host.sh(RUNNING).stdout == before
    outcomes(bed, "status", host.target)


@pytest.mark.parametrize("runs", [True, False], ids=["runs", "stopped"])
def test_an_engine_without_containerd(on, bed, runs):
    host = on(NEW)
    before = with_container(host, bed)
    host.sh("dpkg --remove --force-depends containerd")
    if not runs:
        states.stop(host)
    assert "containerd is missing" in provisioner(bed, "status", host.target).stdout
    (result,) = outcomes(bed, "apply", host.target, "--yes").values()
    assert result["seconds"] < 90
    assert [step["id"] for step in result["steps"]] == ["packages", "service"]
    if runs:
        assert host.sh(RUNNING).stdout == before
    assert host.sh("docker run --rm --network none busybox echo works").stdout == "works\n"


def test_a_containerd_that_does_not_run(on, bed):
    host = on(NEWEST)
    before = with_container(host, bed)
    host.sh("systemctl stop containerd")
    (result,) = outcomes(bed, "apply", host.target, "--yes").values()
    assert [step["title"] for step in result["steps"]] == ["start containerd"]
    assert host.sh(RUNNING).stdout == before
    assert host.sh("docker run --rm --network none busybox echo works").stdout == "works\n"


def test_an_engine_whose_socket_is_gone(on, bed):
    host = on(NEW)
    with_container(host, bed)
    host.sh("rm /run/docker.sock")
    refused = provisioner(bed, "mirror", "set", bed.mirrors[1].url, host.target, "--yes")
    assert refused.returncode == 6, refused.stdout
    assert "socket, /run/docker.sock, is gone" in refused.stdout
    blocked = provisioner(bed, "apply", host.target, "--yes")
    assert blocked.returncode == 8, blocked.stdout
    assert "would stop 1 running containers" in blocked.stdout
    (result,) = outcomes(bed, "apply", host.target, "--yes", "--allow-restart").values()
    assert result["seconds"] < 60
    assert states.mirrors(host) == [f"{bed.mirrors[0].url}/"]


def test_an_engine_that_root_alone_may_ask(on, bed):
    host = on(NEWEST)
    with_container(host, bed)
    (result,) = outcomes(bed, "status", host.target_as("ops")).values()
    assert result["docker_version"].startswith("28.5")
    denied = provisioner(bed, "apply", host.target_as("nosudo"), "--yes")
    assert denied.returncode == 6, denied.stdout
    assert "nosudo may not ask it: " in denied.stdout
    assert "permission denied" in denied.stdout
