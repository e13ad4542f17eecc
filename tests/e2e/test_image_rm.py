"""Removing images: by name, digest and id, as docker does it and says it; and why something stays."""

from __future__ import annotations

import pytest

from tests.e2e import made_images
from tests.e2e.command_line import provisioner

pytestmark = pytest.mark.e2e

SCENE = """
layer base:1 100000
on base:1 app:1 20000
on base:1 app:2 30000 && docker tag app:2 other/app:two
layer single:1 4000
docker create --name stopped app:1 /none >/dev/null
"""


@pytest.fixture
def one_host(mirrored):
    with made_images.scene(mirrored["26.1"], SCENE) as running:
        yield running


def rm(bed, host, *words):
    return provisioner(bed, "image", "rm", *words, host.target)


def id_of(host, name):
    return host.sh(f"docker image inspect -f '{{{{.Id}}}}' {name}").stdout.strip()


def as_docker(bed, host, *single):
    """Each name is removed twice, once by docker itself; `single` are those of single:1. Return what docker said.

    The images are brought back by a tar and a pull.
    """
    host.sh("docker save single:1 -o /root/single.tar; docker pull -q hello-world")
    digest = host.sh("docker image inspect -f '{{index .RepoDigests 0}}' hello-world").stdout.strip()
    back = {"docker load -q -i /root/single.tar": single, "docker pull -q hello-world": ("hello-world", digest)}
    said = []
    for again, words in back.items():
        for word in words:
            theirs = host.sh(f"{again}; docker image rm {word}").stdout.split("\n", 1)[1]
            host.sh(again)
            ours = rm(bed, host, word)
            assert (ours.returncode, ours.stdout) == (0, theirs), (word, ours.stderr)
            said.append(theirs)
    return said


def test_names_digests_and_ids_as_docker(bed, host):
    image = id_of(host, "single:1")
    for theirs in as_docker(bed, host, "single:1", image, image.removeprefix("sha256:")[:6]):
        assert theirs.startswith("Untagged: ")


def test_the_store_of_containerd(bed, mirrored):
    """An id there is that of what was pulled, and names are all that an image has: the last one takes it along."""
    with made_images.scene(mirrored["28.5-containerd"], SCENE) as host:
        as_docker(bed, host, "single:1", id_of(host, "single:1"))
        used = rm(bed, host, "app:1", "app:2")
        assert used.stdout == "Untagged: app:2\n"
        assert "app:1 stays: container stopped (created) uses it" in used.stderr
        assert made_images.names(host) == {"app:1", "base:1", "other/app:two"}


def test_an_id_that_is_said_twice_is_removed_once(bed, one_host):
    image = id_of(one_host, "single:1")
    listed = one_host.sh("docker tag single:1 single:2; docker image ls -q single").stdout.split()
    assert len(listed) == 2
    one_host.sh("docker rmi single:2")
    done = rm(bed, one_host, *listed, image)
    assert (done.returncode, done.stdout.count("Deleted: ")) == (0, 2), done.stderr


def test_why_images_stay(bed, host):
    image = id_of(host, "app:2").removeprefix("sha256:")[:12]
    by_name = rm(bed, host, "base:1", "app:2")
    assert (by_name.returncode, by_name.stdout) == (0, "Untagged: base:1\nUntagged: app:2\n")
    assert f"app:2: {image} stays: it is other/app:two as well" in by_name.stderr
    assert (
        "app:1, other/app:two are built on it" in by_name.stderr or "other/app:two, app:1 are built" in by_name.stderr
    )
    used = rm(bed, host, "app:1", "single:1", "nobody:1")
    assert "Untagged: single:1\n" in used.stdout
    assert "app:1 stays: container stopped (created) uses it" in used.stderr
    assert "there is no image nobody:1" in used.stderr
    assert used.returncode == 6
    used = rm(bed, host, "app:1")
    assert used.returncode == 8
    assert "provisioner image rm --force app:1" in used.stderr
    assert rm(bed, host, "--force", "app:1").stdout.startswith("Untagged: app:1\n")


def test_filters_instead_of_names(bed, one_host):
    one_host.sh("docker tag single:1 redis:a; docker tag single:1 redis:b")
    done = rm(bed, one_host, "-f", "reference=redis*")
    assert (done.returncode, set(done.stdout.splitlines())) == (0, {"Untagged: redis:a", "Untagged: redis:b"}), (
        done.stderr
    )
    done = rm(bed, one_host, "-f", "since=app:1", "-f", "reference=other/*")
    assert (done.returncode, done.stdout) == (0, "Untagged: other/app:two\n"), done.stderr
    assert {"app:1", "app:2", "base:1", "single:1"} == made_images.names(one_host)
    wrong = rm(bed, one_host, "-f", "colour=red")
    assert wrong.returncode == 2
    assert "before=..." in wrong.stderr


def test_no_prune_leaves_the_parents(bed, one_host):
    one_host.sh("docker rm stopped; docker rmi app:2 other/app:two >/dev/null; docker rmi base:1 >/dev/null")
    base = one_host.sh("docker image inspect -f '{{.Parent}}' app:1").stdout.strip()
    done = rm(bed, one_host, "--no-prune", "app:1")
    assert base not in done.stdout
    assert base in one_host.sh("docker image ls -aq --no-trunc").stdout
    one_host.sh(f"docker rmi {base}")
