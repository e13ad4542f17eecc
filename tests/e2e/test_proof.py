"""What a proof leaves: images, names and the level of the log are as before. 20.10, 26.1, 28.5 and its containerd store."""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import provisioner

pytestmark = pytest.mark.e2e
CONFIG = "/etc/docker/daemon.json"
LISTED = "docker image ls -a --no-trunc --digests --format '{{.ID}} {{.Repository}}:{{.Tag}} {{.Digest}}' | sort"
NAMES = (
    "docker image ls -aq --no-trunc | sort -u |"
    " xargs -r docker image inspect -f '{{.Id}} {{json .RepoTags}} {{json .RepoDigests}}'"
)
EVERYTHING = "docker image ls -aq --no-trunc | sort -u | xargs -r docker image inspect"
# Ends the whole run, as a power cut would, in the moment in which the name is to go back.
CUT = """#!/bin/sh
if [ "$1" = tag ]; then pkill -9 -s "$(ps -o sid= -p $$ | tr -d ' ')"; fi
exec /usr/bin/docker "$@"
"""


class Engine:
    """A host whose engine takes its mirrors from this test; `store` is what daemon.json says of the image store."""

    def __init__(self, host, store):
        self.host, self.store = host, store

    def configure(self, *mirrors, restart=False, **keys):
        self.host.write(CONFIG, json.dumps({**self.store, "registry-mirrors": mirrors, **keys}))
        how = "reset-failed docker docker.socket; systemctl restart" if restart else "reload"
        shown = f"docker info -f '{{{{.RegistryConfig.Mirrors}}}}' | grep -x '\\[{' '.join(f'{url}/' for url in mirrors)}\\]'"
        self.host.sh(f"systemctl {how} docker; until {shown}; do sleep 0.1; done")

    def images(self):
        return self.host.sh(f"{LISTED}; {NAMES}").stdout

    def clear(self):
        self.host.sh(
            "docker ps -aq | xargs -r docker rm -f; docker image ls -aq | sort -u | xargs -r docker image rm -f"
        )


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("debian-12-engine", {}), id="20.10"),
        pytest.param(("debian-13-engine", {}), id="26.1", marks=pytest.mark.matrix),
        pytest.param(("forky-engine", {}), id="28.5"),
        pytest.param(("forky-engine", {"features": {"containerd-snapshotter": True}}), id="28.5 containerd"),
    ],
)
def started(request, bed):
    slug, store = request.param
    running = Engine(bed.start(slug), store)
    if store:
        # Layers on layers: the host's own file system is an overlay, which takes no second one.
        running.host.sh(
            "systemctl stop docker containerd; mkdir -p /var/lib/docker/store;"
            "mount --bind /var/lib/docker/store /var/lib/containerd; systemctl start containerd"
        )
    running.configure(bed.mirrors[0].url, restart=True)
    yield running
    running.host.stop()


@pytest.fixture
def engine(started, bed):
    started.configure(bed.mirrors[0].url)
    started.clear()
    return started


def prove(bed, engine, image="hello-world"):
    """Exit status and words of a proof that `verify` makes."""
    done = provisioner(bed, "verify", engine.host.target, "--proof", image)
    return done.returncode, done.stdout + done.stderr


def test_proof_loses_the_local_image(engine, bed):
    """A proof that fails leaves every image, its names and its digests."""
    engine.host.sh(
        "docker pull -q hello-world; docker tag hello-world web:1; docker tag hello-world hello-world:old;"
        "docker pull -q busybox; docker create --name stopped busybox"
    )
    engine.configure(bed.dead_mirror)
    before = engine.host.sh(f"{LISTED}; {EVERYTHING}").stdout
    for image in ("hello-world", "busybox"):
        status, said = prove(bed, engine, image)
        assert status == 7, said
        assert f"{image} cannot be pulled" in said
        assert engine.host.sh(f"{LISTED}; {EVERYTHING}").stdout == before
    engine.configure(bed.mirrors[0].url)
    status, said = prove(bed, engine, "busybox")
    assert status == 0, said
    assert engine.host.sh("docker start -a stopped").returncode == 0


def test_of_an_image_that_is_here_only_the_manifest_is_asked_for(engine, bed):
    mirror = bed.mirrors[0]
    engine.host.sh("docker pull -q hello-world; docker tag hello-world hello-world:old")
    before, pulls = engine.images(), mirror.pulls(engine.host)
    status, said = prove(bed, engine)
    assert status == 0, said
    assert f"the manifest of hello-world came from {mirror.url}" in said
    assert "its layers were here already and were not asked for" in said
    assert engine.images() == before
    assert mirror.pulls(engine.host) == pulls


def test_an_image_that_a_proof_brought_is_gone_again(engine, bed):
    mirror = bed.mirrors[0]
    before = engine.images()
    for image in ("hello-world", "docker.io/library/hello-world:latest"):
        pulls = mirror.pulls(engine.host)
        status, said = prove(bed, engine, image)
        assert status == 0, said
        assert f"{image} came from {mirror.url}" in said
        assert engine.images() == before
        assert mirror.pulls(engine.host) > pulls


def test_a_name_that_the_pull_moves_is_put_back(engine, bed):
    engine.host.sh("docker pull -q busybox; docker tag busybox hello-world; docker tag busybox hello-world:old")
    before = engine.images()
    status, said = prove(bed, engine)
    assert status == 0, said
    assert f"came from {bed.mirrors[0].url}" in said
    assert engine.images() == before


def test_an_image_that_was_here_under_another_name_stays(engine, bed):
    engine.host.sh("docker pull -q hello-world; docker tag hello-world web:1; docker image rm hello-world")
    status, said = prove(bed, engine)
    assert status == 0, said
    assert "web:1" in engine.images()
    assert engine.host.sh("docker run --rm --network none web:1").returncode == 0


def test_a_run_that_is_cut_off_is_repaired_by_the_next_proof(engine, bed):
    engine.host.sh("docker pull -q busybox; docker tag busybox hello-world; docker tag busybox web:1")
    before, configuration = engine.images(), engine.host.read(CONFIG)
    engine.host.write("/usr/local/bin/docker", CUT, mode="755")
    try:
        status, said = prove(bed, engine)
    finally:
        engine.host.sh("rm /usr/local/bin/docker")
    assert status != 0, said
    assert engine.images() != before
    assert json.loads(engine.host.read(CONFIG))["debug"] is True
    status, said = prove(bed, engine, "nothing-of-that-name")
    assert status == 7, said
    assert engine.images() == before
    assert engine.host.read(CONFIG) == configuration
    assert engine.host.sh("docker info -f '{{.Debug}}'").stdout == "false\n"
    assert engine.host.sh("ls -A /var/lib/provisioner").stdout.split() == ["journal", "lock", "runs"]


def test_a_local_build_is_not_asked_for(engine, bed):
    engine.host.sh("echo x >/tmp/x; tar -cf - -C /tmp x | docker import - built:1")
    before = engine.images()
    status, said = prove(bed, engine, "built:1")
    assert status == 7, said
    # With the containerd store an image that was built has a digest as well, so it is asked for.
    assert ("built:1 was built or loaded here" in said) is not bool(engine.store), said
    assert engine.images() == before


def test_a_digest(engine, bed):
    name = "hello-world@" + engine.host.sh("docker pull hello-world").stdout.split("Digest: ")[1].split()[0]
    before = engine.images()
    status, said = prove(bed, engine, name)
    assert status == 7, said
    assert "an engine asks no registry for a digest that it has" in said
    assert engine.images() == before
    engine.clear()
    empty = engine.images()
    status, said = prove(bed, engine, name)
    assert status == 0, said
    assert engine.images() == empty


@pytest.mark.parametrize("level", ["error", "debug"])
def test_the_log_stays_at_its_level(engine, bed, level):
    url = bed.mirrors[0].url
    engine.configure(url, restart=True, **{"log-level": level})
    this_start = "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value docker)"
    status, said = prove(bed, engine)
    engine.host.sh("systemctl reload docker; sleep 1; docker info >/dev/null")
    log = engine.host.sh(f"journalctl -q -o cat {this_start}").stdout
    engine.configure(url, restart=True)
    assert ("level=info" in log) is (level == "debug"), log
    if level == "debug":
        assert status == 0, said
        assert f"hello-world came from {url}" in said
    else:
        assert status == 7, said
        assert f"this engine logs at {level}" in said
        assert "was pulled" in said
