"""`image pull` on real engines, 20.10, 26.1 and 28.5, of which one has the containerd store: digests, how many at once,
and every way in which a pull fails.
"""

from __future__ import annotations

import base64
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e import engine_states
from tests.e2e.command_line import COMMAND, begun, outcomes, provisioner, run
from tests.e2e.image_registry import ImageRegistry

pytestmark = pytest.mark.e2e
SLUGS = ("debian-12-engine", "debian-13-engine", "forky-engine", "debian-13-engine")
CONTAINERD = {"features": {"containerd-snapshotter": True}}
SMALL, MIDDLE = os.urandom(20_000), os.urandom(300_000)


@pytest.fixture(scope="module")
def registry():
    running = ImageRegistry()
    yield running
    running.close()


@pytest.fixture(scope="module")
def started(bed, registry):
    """Four hosts, of which the third has the containerd store; all have `registry` as their mirror and pull from it."""
    with ThreadPoolExecutor(len(SLUGS)) as starting:
        hosts = list(starting.map(lambda number: bed.start(SLUGS[number], name=f"pull{number}"), range(len(SLUGS))))
    # Layers on layers: the host's own file system is an overlay, which takes no second one.
    hosts[2].sh(
        "systemctl stop docker.socket docker containerd; mkdir -p /var/lib/docker/store;"
        "mount --bind /var/lib/docker/store /var/lib/containerd; systemctl start containerd"
    )
    for host in hosts:
        config = {
            "registry-mirrors": [registry.url],
            "insecure-registries": [registry.address],
            "max-download-attempts": 1,
            **(CONTAINERD if host is hosts[2] else {}),
        }
        engine_states.start(host, config=config)
    yield hosts
    for host in hosts:
        host.stop()


@pytest.fixture
def hosts(started, registry):
    registry.well()
    for host in started:
        host.sh("docker image ls -aq | sort -u | xargs -r docker image rm -f")
    return started


@pytest.fixture
def three(hosts):
    return hosts[:3]


def targets(hosts):
    return [host.target for host in hosts]


def own_words(host, *words):
    """What docker itself says when it pulls."""
    return host.sh(f"docker pull {' '.join(words)}").stdout


def digest_at(host, name):
    """The digest by which the engine of `host` knows `name`."""
    return (
        host.sh(f"docker image inspect -f '{{{{join .RepoDigests \" \"}}}}' {name}").stdout.strip().rpartition("@")[2]
    )


def test_digest_and_status_are_those_of_docker(bed, registry, three):
    digest = registry.put("library/app", "1", MIDDLE, SMALL, architectures=("amd64", "arm64"))
    for host in three:
        done = provisioner(bed, "image", "pull", "app:1", host.target)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout == (f"Digest: {digest}\nStatus: Downloaded newer image for app:1\ndocker.io/library/app:1\n")
        assert done.stderr.count(": Pull complete") == 2
        assert digest_at(host, "app:1") == digest
        said = own_words(host, "app:1")
        assert said.endswith(done.stdout.replace("Downloaded newer image", "Image is up to date")), said
    shown = outcomes(bed, "image", "pull", "docker.io/library/app:1", f"app@{digest}", *targets(three))
    images = [(image["digest"], image["status"]) for host in shown.values() for image in host["images"]]
    assert images == [(digest, "up to date")] * 6
    assert {host["status"] for host in shown.values()} == {"converged"}


def test_all_hosts_have_the_same_and_no_more_than_pulls_pull_at_once(bed, registry, hosts):
    digest = registry.put("library/many", "latest", os.urandom(50_000), SMALL)
    registry.seconds = 1.0
    done = provisioner(bed, "image", "pull", "many", "--pulls", "2", *targets(hosts))
    assert done.returncode == 0, done.stdout + done.stderr
    assert registry.most_at_once() == 2
    assert f"many:latest: {digest} on 4 of 4 hosts" in done.stdout
    assert done.stderr.count("many:latest downloaded") == 4
    assert {digest_at(host, "many") for host in hosts} == {digest}


def test_a_tag_that_moves_between_two_batches_is_reported(bed, registry, three):
    old = registry.put("library/moving", "1", os.urandom(50_000))
    registry.seconds = 1.5
    words = ("image", "pull", "moving:1", "--pulls", "1", "--forks", "1", *targets(three), "--json")
    with begun(bed, *words) as running:
        limit = time.monotonic() + 60
        while not registry.asked(three[1].inner_address, "/blobs/"):
            assert time.monotonic() < limit
            time.sleep(0.05)
        new = registry.put("library/moving", "1", os.urandom(50_000))
        told, _ = running.communicate(timeout=120)
    found = json.loads(told)
    assert running.returncode == 7
    (compared,) = found["digests"]
    names = targets(three)
    assert compared["groups"] == [{"digest": old, "hosts": names[:2]}, {"digest": new, "hosts": names[2:]}]
    assert [host["status"] for host in found["hosts"]] == ["changed", "changed", "failed"]
    assert f"moving:1 is {new} here, and {old} on 2 hosts" in found["hosts"][2]["error"]["message"]
    past = provisioner_alone("history", found["run"], "--json")
    assert past["run"]["exit_code"] == 7
    shown = outcomes(bed, "image", "pull", "moving:1", *names)
    assert {host["images"][0]["digest"] for host in shown.values()} == {new}


def provisioner_alone(*words):
    """The JSON document of a command that knows no hosts."""
    return json.loads(run([*COMMAND, *words]).stdout)


def test_a_mirror_that_dies_in_the_middle_of_a_pull(bed, registry, three):
    registry.put("library/broken", "1", os.urandom(300_000))
    registry.breaks_after = 100_000
    done = provisioner(bed, "image", "pull", "broken:1", *targets(three), "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 6, done.stderr
    for host in found["hosts"]:
        error = host["error"]
        assert "broken:1: what came broke off, or was damaged" in error["message"], error
        assert f"provisioner mirror probe {registry.url}" in error["hint"]
    for host in three:
        assert "broken" not in host.sh("docker image ls -a").stdout
    registry.well()
    assert len(outcomes(bed, "image", "pull", "broken:1", *targets(three))) == 3


def test_a_full_disk_is_that_of_its_host_alone(bed, registry, hosts):
    digest = registry.put("library/large", "1", os.urandom(3_000_000))
    full, well = hosts[3], hosts[1]
    full.sh(
        "systemctl stop docker.socket docker; mkdir -p /mnt/small; mount -t tmpfs -o size=2m tmpfs /mnt/small;"
        "mkdir -p /var/lib/docker/tmp; mount --bind /mnt/small /var/lib/docker/tmp; systemctl start docker"
    )
    try:
        done = provisioner(bed, "image", "pull", "large:1", *targets([full, well]))
        assert done.returncode == 6, done.stdout + done.stderr
        assert "the disk is full" in done.stdout
        assert "docker system df" in done.stdout
        assert f"large:1: {digest} on 1 of 2 hosts" in done.stdout
        assert digest_at(well, "large:1") == digest
    finally:
        full.sh(
            "systemctl stop docker.socket docker; umount /var/lib/docker/tmp /mnt/small; rmdir /mnt/small;"
            "systemctl reset-failed docker; systemctl start docker"
        )


REFUSALS = {
    "unknown": ((), ["app:none"], "there is no image of that name and tag", "check both"),
    "platform": ((), ["foreign"], "there is no image for the platform of this host", "--platform"),
    "wanted": ((), ["app:1", "--platform", "linux/s390x"], "there is no image for linux/s390x", "--platform"),
    "401": ((401, "UNAUTHORIZED", "no"), ["app:1"], "does not give it to this login", "docker login"),
    "403": ((403, "DENIED", "no"), ["app:1"], "does not give it to this login", "docker login"),
    "429": ((429, "TOOMANYREQUESTS", "no"), ["app:1"], "allows no more pulls for now", "wait"),
    "503": ((503, "UNAVAILABLE", "no"), ["app:1"], "is in trouble", "later"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_refusals_are_explained(bed, registry, three, refusal):
    refuse, (name, *options), what, hint = REFUSALS[refusal]
    registry.put("library/app", "1", SMALL, architectures=("amd64",))
    registry.put("library/foreign", "latest", SMALL, architectures=("arm64",))
    registry.refuse = refuse or None
    done = provisioner(bed, "image", "pull", f"{registry.address}/library/{name}", *options, *targets(three), "--json")
    assert done.returncode == 6, done.stdout + done.stderr
    for host in json.loads(done.stdout)["hosts"]:
        assert what in host["error"]["message"]
        assert hint in host["error"]["hint"]


def test_a_registry_without_tls_or_without_an_answer(bed, registry, three):
    host = three[1]
    engine_states.start(host, config={})
    try:
        done = provisioner(bed, "image", "pull", f"{registry.address}/library/app:1", host.target)
        assert done.returncode == 6, done.stdout + done.stderr
        assert f"{registry.address} speaks no TLS" in done.stdout
        assert f"--insecure-registry {registry.address}" in done.stdout
        address = registry.address.partition(":")[0]
        done = provisioner(bed, "image", "pull", f"{address}:9/a/b", "nowhere.invalid/a/b", host.target)
        assert done.returncode == 6, done.stdout + done.stderr
        assert f"{address}:9 is not reached from there" in done.stdout
        assert "nowhere.invalid is not reached from there" in done.stdout
    finally:
        engine_states.start(
            host, config={"registry-mirrors": [registry.url], "insecure-registries": [registry.address]}
        )


def test_another_platform(bed, registry, three):
    digest = registry.put("library/two", "1", SMALL, architectures=("amd64", "arm64"))
    shown = outcomes(bed, "image", "pull", "two:1", "--platform", "linux/arm64", *targets(three))
    assert [host["images"][0]["digest"] for host in shown.values()] == [digest] * 3
    assert [host["images"][0]["platform"] for host in shown.values()] == ["linux/arm64"] * 3


def test_a_lost_connection_leaves_the_pull_to_its_end(bed, registry, three):
    host = three[0]
    digest = registry.put("library/slow", "1", os.urandom(200_000))
    registry.seconds = 6.0
    with begun(bed, "image", "pull", "slow:1", host.target_as("ops")) as running:
        limit = time.monotonic() + 30
        while not registry.asked(host.inner_address, "/blobs/"):
            assert time.monotonic() < limit
            time.sleep(0.05)
        time.sleep(1)
        host.sh("pkill -9 -f '^sshd: ops'")
        told, _ = running.communicate(timeout=60)
    assert running.returncode == 3, told
    assert "The pull goes on there to its end, by itself" in told
    registry.seconds = 0.0
    (again,) = outcomes(bed, "image", "pull", "slow:1", host.target).values()
    assert again["images"][0]["digest"] == digest
    assert registry.asked(host.inner_address, "/blobs/") == 2  # its configuration, and its layer, once
    host.sh("while pgrep -x docker; do sleep 0.2; done")


def test_who_may_pull(bed, registry, three):
    """A member of group docker needs no sudo, and the login to a registry is the account's own."""
    host = three[1]
    registry.put("library/app", "1", SMALL)
    done = provisioner(bed, "image", "pull", "app:1", host.target_as("nosudo"))
    assert done.returncode == 6, done.stdout + done.stderr
    assert "this account may not ask the engine" in done.stdout
    host.sh("gpasswd -a nosudo docker")
    # Were its DOCKER_HOST heeded, nothing would answer.
    host.write("/etc/environment", "DOCKER_HOST=tcp://127.0.0.1:9\nDOCKER_CONTENT_TRUST=1\n")
    registry.login = base64.b64encode(b"me:secret").decode()
    name = f"{registry.address}/library/app:1"
    try:
        done = provisioner(bed, "image", "pull", name, host.target_as("nosudo"))
        assert done.returncode == 6, done.stdout + done.stderr
        assert f"docker login {registry.address}" in done.stdout
        settings = {"auths": {registry.address: {"auth": registry.login}}, "currentContext": "nowhere"}
        host.sh("install -d -o nosudo ~nosudo/.docker")
        host.write("~nosudo/.docker/config.json", json.dumps(settings))
        done = provisioner(bed, "image", "pull", "-q", name, host.target_as("nosudo"))
        assert (done.returncode, done.stdout) == (0, f"{name}\n"), done.stdout + done.stderr
        assert "Pull" not in done.stderr
    finally:
        host.sh("gpasswd -d nosudo docker; rm -r ~nosudo/.docker; rm /etc/environment; touch /etc/environment")


def test_no_name_and_no_image(bed, three):
    done = provisioner(bed, "image", "pull", "Redis:7", three[0].target)
    assert done.returncode == 2
    assert "did you mean redis:7" in done.stderr
    done = provisioner(bed, "image", "pull", three[0].target)
    assert (done.returncode, "no image was named" in done.stderr) == (2, True)


def test_an_image_without_a_build_date_is_listed(bed, registry, three):
    """Engines since 26 leave the date out, and a template that names it fails."""
    registry.put("library/undated", "1", SMALL, created="")
    outcomes(bed, "image", "pull", "undated:1", *targets(three))
    for host in three:
        done = provisioner(bed, "image", "ls", "undated:1", "--json", host.target)
        ((image,),) = [host["images"] for host in json.loads(done.stdout)["hosts"]]
        assert image["size"] > 0
        assert image["platform"] == "linux/amd64"


def test_a_proof_names_the_mirror_that_serves_it(bed, registry, three):
    digest = registry.put("library/proven", "1", SMALL)
    shown = outcomes(bed, "image", "pull", "proven:1", "--proof", *targets(three))
    for host in shown.values():
        (image,) = host["images"]
        assert image["status"] == "downloaded"
        assert f"the manifest of proven:1 came from {registry.url}" in image["proof"]
    for host in three:
        assert "proven" in host.sh("docker image ls").stdout
    name = f"proven@{digest}"
    done = provisioner(bed, "image", "pull", name, "--proof", three[0].target)
    assert done.returncode == 7, done.stdout + done.stderr
    assert "an engine asks no registry for a digest that it has" in done.stdout
    assert f"{name}: {digest} on" not in done.stdout


def config_and_debug(host):
    return host.sh(
        "md5sum </etc/docker/daemon.json; docker info -f '{{.Debug}}'; find /tmp /dev/shm -name 'provisioner-*'"
    ).stdout


def test_a_proof_is_of_the_pull_itself(bed, registry, three):
    """The mirror is asked for no more than without a proof; a dead one before it is named."""
    digest = registry.put("library/once", "1", SMALL)
    registry.put("library/plain", "1", MIDDLE)
    dead = "http://127.0.0.1:9"
    before = {}
    for host in three:
        config = json.loads(host.read("/etc/docker/daemon.json"))
        engine_states.start(host, config={**config, "registry-mirrors": [dead, registry.url]})
        before[host.target] = config_and_debug(host)
    try:
        outcomes(bed, "image", "pull", "plain:1", *targets(three))
        asked = {host.target: registry.asked(host.inner_address, "/plain/manifests/") for host in three}
        registry.well()
        shown = outcomes(bed, "image", "pull", "once:1", "--proof", *targets(three))
        for host in three:
            (image,) = shown[host.target]["images"]
            assert (image["status"], image["digest"]) == ("downloaded", digest)
            assert f"in this pull, the manifest of once:1 came from {registry.url}; " in image["proof"]
            assert "127.0.0.1:9: connect: connection refused" in image["proof"]
            assert "already" not in image["proof"]
            assert registry.asked(host.inner_address, "/once/manifests/") == asked[host.target]
            assert registry.asked(host.inner_address, "/blobs/") == 2
            assert config_and_debug(host) == before[host.target]
        registry.well()
        again = outcomes(bed, "image", "pull", "once:1", "--proof", three[0].target)
        assert "its layers were here already" in again[three[0].target]["images"][0]["proof"]
    finally:
        for host in three:
            config = json.loads(host.read("/etc/docker/daemon.json"))
            engine_states.start(host, config={**config, "registry-mirrors": [registry.url]})


def test_who_may_not_have_the_engine_tell_pulls_all_the_same(bed, registry, three):
    host = three[1]
    registry.put("library/proven", "2", SMALL)
    host.sh("gpasswd -a nosudo docker")
    try:
        done = provisioner(bed, "image", "pull", "proven:2", "--proof", host.target_as("nosudo"))
        assert done.returncode == 6, done.stdout + done.stderr
        assert "a proof needs root" in done.stdout
        assert "Downloaded newer image for proven:2" in done.stdout
    finally:
        host.sh("gpasswd -d nosudo docker")


def test_a_proof_that_loses_its_connection_ends_with_the_pull(bed, registry, three):
    host = three[0]
    registry.put("library/slower", "1", os.urandom(200_000))
    registry.seconds = 6.0
    before = config_and_debug(host)
    with begun(bed, "image", "pull", "slower:1", "--proof", host.target_as("ops")) as running:
        limit = time.monotonic() + 60
        while not registry.asked(host.inner_address, "/blobs/"):
            assert time.monotonic() < limit
            time.sleep(0.05)
        host.sh("pkill -9 -f '^sshd: ops'")
        told, _ = running.communicate(timeout=60)
    assert running.returncode == 3, told
    assert "The pull goes on there to its end, by itself" in told
    host.sh("while pgrep -x docker || [ -s /var/lib/provisioner/proof-debug ]; do sleep 0.2; done", timeout=60)
    assert config_and_debug(host) == before
    assert host.sh("docker image ls -q slower:1").stdout
