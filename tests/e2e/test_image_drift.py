"""`image drift` on hosts with three engines, one of them with the containerd store, and a registry whose tags move."""

from __future__ import annotations

import base64
import json
import re
import urllib.request

import pytest

from tests.e2e import image_hosts
from tests.e2e.command_line import provisioner
from tests.e2e.image_registry import ImageRegistry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

KINDS = ("20.10", "26.1", "28.5-containerd")
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture(scope="module")
def place(bed):
    return f"{bed.registry.address}:{bed.registry.port}"


@pytest.fixture(scope="module")
def private():
    """A registry that can ask for a login."""
    registry = ImageRegistry()
    yield registry
    registry.close()


@pytest.fixture(scope="module")
def hosts(bed, place, private):
    insecure = [place, private.address]
    daemon = {"registry-mirrors": [bed.registry.url, bed.mirrors[0].url], "insecure-registries": insecure}
    pulls = "docker pull -q busybox && docker pull -q hello-world"
    with image_hosts.filled(bed, pulls, KINDS, **daemon) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(hosts):
    yield
    image_hosts.on_all(hosts, "docker ps -aq | xargs -r docker rm -f >/dev/null")


def push(host, place, source, name):
    """`source` is what `name` means in the registry now; returns its digest."""
    host.sh(f"docker tag {source} {place}/library/{name} && docker push {place}/library/{name}")
    found = host.sh(f"docker image inspect -f '{{{{json .RepoDigests}}}}' {place}/library/{name}").stdout
    host.sh(f"docker rmi {place}/library/{name}")
    repository = f"{place}/library/{name.partition(':')[0]}"
    return next(digest[-71:] for digest in json.loads(found) if digest.startswith(f"{repository}@"))


def put_list(place, name, *manifests):
    """Have an index of these digests, for amd64, arm64 and s390x, in the registry; returns its digest."""
    repository, _, tag = name.partition(":")
    rows = []
    for digest, machine in zip(manifests, ("amd64", "arm64", "s390x"), strict=False):
        url = f"http://{place}/v2/library/{repository}/manifests/{digest}"
        body = urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": MANIFEST})).read()
        platform = {"architecture": machine, "os": "linux"}
        rows.append({"mediaType": MANIFEST, "digest": digest, "size": len(body), "platform": platform})
    content = json.dumps({"schemaVersion": 2, "mediaType": LIST, "manifests": rows}).encode()
    url = f"http://{place}/v2/library/{repository}/manifests/{tag}"
    asked = urllib.request.Request(url, data=content, method="PUT", headers={"Content-Type": LIST})
    return urllib.request.urlopen(asked).headers["Docker-Content-Digest"]


def drift(bed, hosts, *words, status):
    done = provisioner(bed, "image", "drift", *words, *(host.target for host in hosts.values()))
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def found_of(bed, hosts, *words, status):
    document = json.loads(drift(bed, hosts, *words, "--json", status=status))
    return dict(zip(hosts, document["hosts"], strict=True)), document


def test_a_tag_that_moves_is_found_by_every_way_there_is(hosts, bed, place):
    old, store = hosts["20.10"], hosts["28.5-containerd"]
    first = push(hosts["26.1"], place, "busybox", "moved:1")
    image_hosts.on_all(hosts, "docker pull -q moved:1 && docker run -d --name runs moved:1 sleep 1000")

    # Equal content in different stores, with other ids, is no drift.
    ids = image_hosts.on_all(hosts, "docker image inspect -f '{{.Id}}' moved:1")
    assert ids["20.10"] != ids["28.5-containerd"]
    assert drift(bed, hosts, "moved", status=0).strip() == "no drift"
    assert drift(bed, hosts, "moved", "--upstream", "-q", status=0) == ""

    # The registry has another by now, and no host does.
    second = push(hosts["26.1"], place, "hello-world", "moved:1")
    assert drift(bed, hosts, "moved", "-q", status=0) == ""
    rows, _ = found_of(bed, hosts, "moved", "--upstream", status=9)
    for row in rows.values():
        (asked,) = row["upstream"]
        assert (asked["digests"], asked["registry"], asked["current"]) == ([first], second, False)
        assert asked["from"].startswith(bed.registry.url)

    # One host has pulled it: the same tag, two digests on three hosts; its container runs the old one.
    old.sh("docker pull -q moved:1")
    rows, document = found_of(bed, hosts, "moved", status=9)
    assert {kind: row["status"] for kind, row in rows.items()} == {
        "20.10": "drift",
        "26.1": "ok",
        "28.5-containerd": "ok",
    }
    (container,) = rows["20.10"]["containers"]
    assert (container["name"], container["image"]) == ("runs", "moved:1")
    (difference,) = document["differences"]
    assert difference["certain"]
    assert [group["digests"] for group in difference["groups"]] == [[first], [second]]
    quiet = drift(bed, hosts, "moved", "-q", status=9)
    (line,) = quiet.splitlines()
    assert line.startswith(f"{old.target}: moved:1 container runs runs ")
    assert f"{second[7:19]} here, {first[7:19]} on 2 hosts" in line

    # On the containerd store as well.
    store.sh("docker pull -q moved:1")
    rows, _ = found_of(bed, hosts, "moved", status=9)
    assert [row["name"] for row in rows["28.5-containerd"]["containers"]] == ["runs"]
    assert drift(bed, hosts, "nothing", "-q", status=0) == ""

    # All have it, and run it.
    image_hosts.on_all(hosts, "docker pull -q moved:1; docker rm -f runs; docker run -d --name runs moved:1 sleep 1000")
    assert drift(bed, hosts, "moved:1", "--upstream", "-q", status=0) == ""


def test_an_index_is_compared_with_an_index_and_a_platform_with_its_own(hosts, bed, place):
    amd64 = push(hosts["26.1"], place, "busybox", "multi:amd64")
    arm64 = push(hosts["26.1"], place, "hello-world", "multi:arm64")
    index = put_list(place, "multi:1", amd64, arm64)
    assert index not in {amd64, arm64}
    some = {kind: hosts[kind] for kind in ("26.1", "28.5-containerd")}
    some["28.5-containerd"].sh("docker pull -q multi:1 && docker run -d --name multi multi:1 sleep 1000")
    # Known by the digest of its platform alone.
    some["26.1"].sh(f"docker pull -q multi@{amd64} && docker tag multi@{amd64} multi:1")
    some["26.1"].sh("docker run -d --name multi multi:1 sleep 1000")
    digests = image_hosts.on_all(some, "docker image inspect -f '{{json .RepoDigests}}' multi:1")
    assert amd64 in digests["26.1"]
    assert index not in digests["26.1"]
    assert index in digests["28.5-containerd"]
    assert drift(bed, some, "multi:1", "--upstream", "-q", status=0) == ""
    put_list(place, "multi:1", arm64, amd64, amd64)
    rows, _ = found_of(bed, some, "multi:1", "--upstream", status=9)
    assert rows["28.5-containerd"]["status"] == "drift"


def test_another_registry_is_asked_by_the_engine(hosts, bed, place):
    some = {kind: hosts[kind] for kind in ("20.10", "28.5-containerd")}
    push(hosts["26.1"], place, "busybox", "apart:1")
    name = f"{place}/library/apart:1"
    image_hosts.on_all(some, f"docker pull -q {name}")
    assert drift(bed, some, name, "--upstream", "-q", status=0) == ""
    now = push(hosts["26.1"], place, "hello-world", "apart:1")
    rows, _ = found_of(bed, some, name, "--upstream", status=9)
    assert {row["upstream"][0]["registry"] for row in rows.values()} == {now}


def test_a_registry_that_asks_for_a_login_is_asked_with_that_of_the_host(hosts, bed, private):
    some = {kind: hosts[kind] for kind in ("20.10", "28.5-containerd")}
    secret = 's3cret:"pass\\wörd'
    private.login = base64.b64encode(f"who:{secret}".encode()).decode()
    name = f"{private.address}/team/app:1"
    private.put("team/app", "1", b"one")
    for host in some.values():
        host.write("/root/secret", secret)
    image_hosts.on_all(
        some, f"docker login -u who --password-stdin {private.address} </root/secret; docker pull -q {name}"
    )
    assert drift(bed, some, name, "--upstream", "-q", status=0) == ""

    second = private.put("team/app", "1", b"two")
    done = provisioner(bed, "image", "drift", name, "--upstream", "--json", *(host.target for host in some.values()))
    assert done.returncode == 9, done.stderr
    for row in json.loads(done.stdout)["hosts"]:
        assert [asked["registry"] for asked in row["upstream"]] == [second]
    for word in (secret, "s3cret", private.login):
        assert word not in done.stdout + done.stderr

    kept = json.dumps({"credHelpers": {private.address: "pass"}})
    some["20.10"].write("/root/.docker/config.json", kept)
    some["28.5-containerd"].sh(f"docker logout {private.address}")
    shown = drift(bed, some, name, "--upstream", status=4)
    assert f"{name} was not compared with a registry on" in shown
    rows, _ = found_of(bed, some, name, "--upstream", status=4)
    assert "docker-credential-pass has the login, and is not asked" in rows["20.10"]["upstream"][0]["said"]
    image_hosts.on_all(some, "rm -rf /root/.docker /root/secret")


def test_what_no_registry_tells_is_said_and_is_no_success(hosts, bed):
    one = {"20.10": hosts["20.10"]}
    one["20.10"].sh("docker tag busybox busybox:mine")
    try:
        shown = drift(bed, one, "busybox:mine", "--upstream", status=4)
        assert f"busybox:mine was not compared with a registry on {one['20.10'].target}" in shown
        rows, _ = found_of(bed, one, "busybox:mine", "--upstream", status=4)
        assert rows["20.10"]["upstream"][0]["current"] is None
    finally:
        one["20.10"].sh("docker rmi busybox:mine")


def test_containers_that_asked_for_an_id_or_a_digest_stay_what_they_are(hosts, bed):
    host = hosts["26.1"]
    digest = re.search(r"sha256:\w{64}", host.sh("docker image inspect -f '{{.RepoDigests}}' busybox").stdout)[0]
    host.sh(
        "docker tag busybox built:1; docker run -d --name tagged built:1 sleep 1000;"
        "docker run -d --name by-id $(docker images -q busybox:latest) sleep 1000;"
        f"docker run -d --name by-digest busybox@{digest} sleep 1000; docker create --name ended built:1;"
        "docker tag hello-world built:1"
    )
    try:
        rows, _ = found_of(bed, {"26.1": host}, status=9)
        assert [row["name"] for row in rows["26.1"]["containers"]] == ["tagged"]
        host.sh("docker rmi built:1")
        rows, _ = found_of(bed, {"26.1": host}, "built", status=9)
        assert [(row["name"], row["now"]) for row in rows["26.1"]["containers"]] == [("tagged", None)]
    finally:
        host.sh("docker rmi built:1", check=False)


def test_one_host_that_cannot_be_asked_hides_no_other(hosts, bed):
    host = hosts["26.1"]
    host.sh("docker tag busybox gone:1; docker run -d gone:1 sleep 1000; docker rmi gone:1")
    done = provisioner(bed, "image", "drift", "gone", host.target, "root@127.0.0.1:1")
    assert done.returncode == 3
    assert "nothing has that name now" in done.stdout
    assert "root@127.0.0.1:1" in done.stderr
    wrong = provisioner(bed, "image", "drift", "busybox@sha256:" + "0" * 64, host.target)
    assert wrong.returncode == 2


def test_an_engines_answer_is_one_long_line(hosts, bed):
    """Labels of images are in what the containerd store tells of its manifests."""
    host = hosts["28.5-containerd"]
    label = "--change \"LABEL x$i=$(head -c 60000 /dev/zero | tr '\\0' x)\""
    host.sh(
        f"cd /root; echo a >a; tar -cf a.tar a; for i in $(seq 20); do docker import {label} a.tar long:$i; done",
        timeout=120,
    )
    try:
        done = provisioner(bed, "image", "drift", "busybox", host.target)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        host.sh("docker image ls -q long | sort -u | xargs docker image rm -f >/dev/null")
