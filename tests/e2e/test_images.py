"""A day with images on two hosts of different ages; what each command does in every case is in make images."""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import COMMAND, provisioner, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SLUGS = ("debian-12-engine", "forky-engine")


@pytest.fixture(scope="module")
def hosts(bed):
    running = [bed.start(slug, name=f"images-{number}") for number, slug in enumerate(SLUGS)]
    for host in running:
        host.write("/etc/docker/daemon.json", json.dumps({"registry-mirrors": [bed.mirrors[0].url]}))
        host.sh("systemctl reload docker")
    yield running
    for host in running:
        host.stop()


def ran(bed, *words, status=0):
    done = provisioner(bed, "image", *words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def same_lines(ours, docker):
    """Docker itself lists images of one second in any order."""
    assert sorted(ours.splitlines()) == sorted(docker.splitlines())


def test_images_come_are_listed_run_and_go(bed, hosts):
    targets = [host.target for host in hosts]
    pulled = ran(bed, "pull", "busybox", "hello-world", *targets)
    assert "sha256:" in pulled
    for host in hosts:
        same_lines(ran(bed, "ls", host.target), host.sh("docker image ls").stdout)
        assert (
            ran(bed, "ls", "-q", "--no-trunc", "busybox", host.target)
            == host.sh("docker image ls -q --no-trunc busybox").stdout
        )
        assert ran(bed, "df", host.target) == host.sh("docker system df").stdout
    listed = ran(bed, "ls", *targets)
    assert "busybox:latest" in listed
    assert "2 images on 2 hosts" in listed
    assert "differs" not in listed
    login = ("--private-key", bed.key_file, "--known-hosts", bed.known_hosts, "--on", targets[0], "--on", targets[1])
    said = run([*COMMAND, "image", "run", "--rm", *map(str, login), "busybox", "echo", "a  b"]).stdout
    assert sorted(line.partition(" ")[2].strip() for line in said.splitlines()) == ["a  b", "a  b"]
    assert ran(bed, "drift", *targets) is not None
    ran(bed, "ls", "-f", "nosuch=1", targets[0], status=2)
    ran(bed, "rm", "nosuch:1", targets[0], status=6)

    hosts[0].sh("docker tag busybox kept:1; docker tag hello-world mine:1")
    freed = ran(bed, "prune", "-a", "--protect", "kept:*", "--yes", *targets)
    assert "freed" in freed
    left = hosts[0].sh("docker image ls --format '{{.Repository}}:{{.Tag}}'").stdout.split()
    assert sorted(left) == ["busybox:latest", "kept:1"]
    assert hosts[1].sh("docker image ls -q").stdout == ""
    gone = ran(bed, "rm", "kept:1", "busybox", targets[0])
    assert "Untagged: kept:1" in gone
    assert "Deleted: sha256:" in gone


def test_an_image_that_no_registry_has_comes_from_another_host(bed, hosts):
    old, new = hosts
    old.sh("printf x >/root/x; tar -C /root -cf - x | docker import - made:1")
    ran(bed, "push", "--from", old.target, "made:1", new.target)
    assert new.sh("docker image inspect -f '{{json .RootFS.Layers}}' made:1").stdout == (
        old.sh("docker image inspect -f '{{json .RootFS.Layers}}' made:1").stdout
    )
