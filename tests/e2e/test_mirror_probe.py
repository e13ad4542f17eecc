"""Mirrors asked from hosts: Debian's docker-registry, with what a fresh Debian has, and the fastest taken from it."""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("debian-13-engine")
    yield running
    running.stop()


def test_mirrors_are_judged_as_the_host_sees_them(host, bed):
    good, dead = bed.mirrors[0].url, bed.dead_mirror
    done = provisioner(
        bed, "mirror", "probe", dead, good, host.target, "--image", "busybox", "--compare-with", "", "--json"
    )
    assert done.returncode == 7, done.stderr
    (document,) = json.loads(done.stdout)["hosts"]
    first, second = document["mirrors"]
    assert (first["url"], first["verdict"], first["missing"]) == (good, "alive", {})
    assert first["digests"].keys() == {"hello-world:latest", "busybox:latest"}
    assert first["throughput"] > 0
    assert (second["url"], second["verdict"]) == (dead, "dead")


def test_the_fastest_that_is_alive_becomes_the_mirror(host, bed):
    good, dead = bed.mirrors[0].url, bed.dead_mirror
    (result,) = outcomes(
        bed, "mirror", "set", "--fastest", "1", "--compare-with", "", dead, good, host.target, "--yes"
    ).values()
    assert result["registry_mirrors"] == [good]
    assert json.loads(host.sh("docker info -f '{{json .RegistryConfig.Mirrors}}'").stdout) == [f"{good}/"]
