"""Prune on real engines: what is shown is what goes, to the byte, and what changed in between stays."""

from __future__ import annotations

import json

import pytest

from tests.e2e import made_images
from tests.e2e.command_line import at_a_terminal, provisioner

pytestmark = pytest.mark.e2e

CLAIM = "com.docker.compose.project"
SCENE = f"""
layer base:1 100000
on base:1 app:1 20000
on base:1 app:2 30000 --change 'ENV a=b' && docker tag app:2 other/app:two
on app:2 solo:1 5000
on base:1 moved:1 7000
on base:1 moved:1 9000
layer claimed:1 11000 --change 'LABEL {CLAIM}=shop'
docker create --name stopped app:1 /none >/dev/null
"""
GOING = {"base:1", "app:2", "other/app:two", "solo:1", "moved:1"}


def pruned(bed, host, *words, status=0):
    """The document about the host."""
    done = provisioner(bed, "image", "prune", host.target, "--json", *words)
    assert done.returncode == status, done.stderr
    (one,) = json.loads(done.stdout)["hosts"]
    assert one["error"] is None
    return one


def test_what_is_shown_is_what_goes_to_the_byte(bed, host):
    """Layers are shared, images have several tags, one has a stopped container, one is claimed, a tag has moved."""
    before = made_images.layers_size(host)
    dangling = pruned(bed, host, "--plan")
    assert [row["why"] for row in dangling["going"]] == ["it has no tag"]
    shown = pruned(bed, host, "-a", "--plan")
    assert shown["exact"]
    assert made_images.layers_size(host) == before
    assert {name for row in shown["going"] for name in row["names"]} == GOING
    assert {row["kind"] for row in shown["staying"]} == {"container", "claimed"}
    done = pruned(bed, host, "-a", "--yes")
    assert shown["bytes"] == done["bytes"] == done["freed"] == 51000
    assert before - made_images.layers_size(host) == done["freed"]
    assert made_images.names(host) == {"app:1", "claimed:1"}
    assert done["left"] == []


@pytest.mark.parametrize("everything", [True, False], ids=["all", "dangling"])
def test_docker_reclaims_what_was_shown(bed, host, everything):
    shown = pruned(bed, host, "--plan", "--filter", f"label!={CLAIM}", *(["-a"] if everything else []))
    wanted = json.dumps({"dangling": ["false" if everything else "true"], "label!": [CLAIM]})
    quoted = wanted.replace('"', "%%22").replace("{", "%%7B").replace("}", "%%7D").replace(" ", "%%20")
    report = made_images.api(host, f"POST /images/prune?filters={quoted}")
    assert report["SpaceReclaimed"] == shown["bytes"] > 0
    deleted = {row["Deleted"] for row in report["ImagesDeleted"] if "Deleted" in row}
    assert {row["id"] for row in shown["going"] if not row["held"]} <= deleted


def test_what_changes_between_preview_and_yes_stays(bed, host):
    host.sh("docker pull -q hello-world")

    def meanwhile():
        host.sh("docker pull -q busybox && docker tag solo:1 solo:kept")
        host.sh("docker create --name late moved:1 /none && docker tag app:2 moved:old && docker rmi moved:old")
        host.sh("docker pull -q hello-world")  # the last, so that not a second passes
        return "y"

    status, said = at_a_terminal(bed, "image", "prune", "-a", host.target, question="[y/N] ", answers=[meanwhile])
    assert status == 0, said
    assert made_images.names(host) >= {
        *("hello-world:latest", "busybox:latest", "solo:1", "solo:kept"),
        *("app:1", "app:2", "other/app:two", "moved:1", "claimed:1"),
    }
    assert "hello-world:latest stays: it was pulled or tagged anew in between" in said
    assert "moved:1 stays: a container uses it by now" in said


@pytest.mark.parametrize("host", ["26.1"], indirect=True)
def test_no_answer_removes_nothing(bed, host):
    before = made_images.layers_size(host)
    status, said = at_a_terminal(bed, "image", "prune", "-a", host.target, question="[y/N] ", answers=["n"])
    assert (status, made_images.layers_size(host)) == (0, before), said
    done = provisioner(bed, "image", "prune", "-a", host.target)
    assert (done.returncode, made_images.layers_size(host)) == (2, before)
    assert "--yes" in done.stderr


@pytest.mark.parametrize("host", ["26.1"], indirect=True)
def test_the_last_of_a_repository_the_claimed_and_the_protected_stay(bed, host):
    made_images.make(host, "on base:1 app:3 1000; on base:1 app:4 2000")
    kept = pruned(bed, host, "--keep-last", "2", "--plan")
    assert {name for row in kept["going"] for name in row["names"]} == {"app:2", "other/app:two"} - {
        "other/app:two"
    } or [row["why"] for row in kept["going"]]
    protected = pruned(bed, host, "-a", "--plan", "--protect", "app*", "--protect", "moved")
    assert not {"app:2", "app:3", "moved:1"} & {name for row in protected["going"] for name in row["names"]}
    assert pruned(bed, host, "--unused-for", "1h", "--plan")["going"] == []
    named = provisioner(bed, "image", "prune", "-a", "claimed", host.target, "--yes")
    assert (named.returncode, "claimed:1" in made_images.names(host)) == (0, False), named.stderr


def test_the_store_of_containerd(bed, mirrored):
    """Bytes are those of the content, as docker counts them there."""
    host = mirrored["28.5-containerd"]
    scene = f"layer a:1 50000 && docker tag a:1 b:1; layer m:1 7000; layer m:1 9000; layer c:1 3000 --change 'LABEL {CLAIM}=s'"
    made_images.make(host, scene)
    (dangling,) = pruned(bed, host, "--plan")["going"]
    assert made_images.api(host, "POST /images/prune")["SpaceReclaimed"] == dangling["bytes"] > 7000
    shown = pruned(bed, host, "-a", "--plan")
    done = pruned(bed, host, "-a", "--yes")
    assert shown["exact"]
    assert shown["bytes"] == done["freed"] > 59000
    assert made_images.names(host) == {"c:1"}
    made_images.make(host, "layer a:1 50000; layer m:1 9000")
    shown = pruned(bed, host, "-a", "--plan", "--filter", f"label!={CLAIM}")
    filters = f"%%7B%%22dangling%%22:[%%22false%%22],%%22label!%%22:[%%22{CLAIM}%%22]%%7D"
    assert made_images.api(host, f"POST /images/prune?filters={filters}")["SpaceReclaimed"] == shown["bytes"]
