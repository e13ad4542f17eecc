"""`image df` beside `docker system df` on the same hosts: engines 20.10, 26.1, 28.5, and the containerd store."""

from __future__ import annotations

import json

import pytest

from provisioner.report.image_df import size_text
from tests.e2e import image_hosts
from tests.e2e.command_line import provisioner

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FILL = r"""
set -e
export DOCKER_BUILDKIT=0
docker pull -q busybox; docker pull -q hello-world
mkdir /root/app
printf 'FROM busybox\nRUN cat /bin/busybox /bin/busybox >/big\n' >/root/app/Dockerfile
docker build -q -t app:1 /root/app
printf 'RUN cat /bin/busybox >/other\n' >>/root/app/Dockerfile
docker build -q -t app:2 /root/app
docker volume create kept
docker run -d --name runs -v kept:/v app:1 sh -c 'cat /bin/busybox >/v/x; cat /bin/busybox >/y; sleep 1000'
docker run --name ended -v /gone app:2 sh -c 'cat /bin/busybox /bin/busybox >/z; cat /bin/busybox >/gone/x'
sleep 1
"""
NAMES = {"Images": "images", "Containers": "containers", "Local Volumes": "volumes", "Build Cache": "build_cache"}


@pytest.fixture(scope="module")
def hosts(bed):
    with image_hosts.filled(bed, FILL) as running:
        yield running


@pytest.mark.parametrize("kind", image_hosts.KINDS)
def test_one_host_prints_what_docker_prints(hosts, bed, kind):
    host = hosts[kind]
    for words in ((), ("--format", "{{.Type}}: {{.Size}}"), ("--format", r"table {{.Type}}\t{{.Reclaimable}}")):
        quoted = " ".join(f"'{word}'" for word in words)
        assert (
            provisioner(bed, "image", "df", *words, host.target).stdout == host.sh(f"docker system df {quoted}").stdout
        )


def test_every_part_of_every_host_is_printed(hosts, bed):
    host = hosts["28.5"]
    words = ("-v", "--format", "{{range .Images}}{{.ID}} {{.UniqueSize}}\n{{end}}")
    done = provisioner(bed, "image", "df", *words, host.target)
    assert sorted(done.stdout.splitlines()) == sorted(
        host.sh("docker system df -v --format '{{range .Images}}{{.ID}} {{.UniqueSize}}\n{{end}}'").stdout.splitlines()
    )
    done = provisioner(bed, "image", "df", "-v", *(host.target for host in hosts.values()))
    assert done.stdout.count("SHARED SIZE") == done.stdout.count("== root@") == len(hosts)
    assert "share" in done.stderr


def test_bytes_are_those_that_docker_rounds(hosts, bed):
    done = provisioner(bed, "image", "df", *(host.target for host in hosts.values()), "--json")
    document = json.loads(done.stdout)
    truth = image_hosts.on_all(hosts, "docker system df --format '{{json .}}'")
    for (kind, text), said in zip(truth.items(), document["hosts"], strict=True):
        assert (said["error"], said["exact"]) == (None, True)
        for row in map(json.loads, text.splitlines()):
            mine = said[NAMES[row["Type"]]]
            assert (mine["count"], mine["active"]) == (int(row["TotalCount"]), int(row["Active"])), kind
            assert size_text(mine["size"]) == row["Size"], kind
            assert size_text(mine["reclaimable"]) == row["Reclaimable"].partition(" ")[0], kind
        stored = [image["content"] is not None for image in said["image_list"]]
        assert all(stored) if "containerd" in kind else not any(stored)
        assert said["virtual_size"] > said["images"]["size"]
    for name in NAMES.values():
        for what in ("count", "size", "reclaimable"):
            assert document["sum"][name][what] == sum(host[name][what] for host in document["hosts"])


def test_several_hosts_are_a_table_with_its_sum(hosts, bed):
    done = provisioner(bed, "image", "df", *(host.target for host in hosts.values()))
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["HOST", "IMAGES", "CONTAINERS", "VOLUMES", "BUILD", "CACHE", "TOGETHER"]
    assert [row.split()[0] for row in rows[:5]] == [*(host.target for host in hosts.values()), "4"]
    assert "layers that they share are there once" in done.stdout
    assert "the containerd store keeps them as they came" in done.stdout


def test_sizes_are_rounded_where_nothing_can_ask_the_engine(hosts, bed):
    host, other = hosts["20.10"], hosts["28.5"]
    tools = host.sh("for t in curl python3 perl; do command -v $t || :; done").stdout.split()
    host.sh(f"for t in {' '.join(tools)}; do mv $t $t.away; done")
    try:
        done = provisioner(bed, "image", "df", host.target, other.target)
        assert done.returncode == 0, done.stderr
        assert "~" in next(line for line in done.stdout.splitlines() if line.startswith(host.target))
        assert "from rounded sizes" in done.stdout
    finally:
        host.sh(f"for t in {' '.join(tools)}; do mv $t.away $t; done")


LABEL = "--label x$i=$(head -c 75000 /dev/zero | tr '\\0' x)"


@pytest.mark.parametrize(("volumes", "exact"), [(80, True), (140, False)], ids=["5 MiB", "more than is taken"])
def test_an_answer_of_megabytes(hosts, bed, volumes, exact):
    """Labels make it long; what is too long comes in the words of the host's client."""
    host = hosts["28.5"]
    host.sh(f"for i in $(seq {volumes}); do docker volume create {LABEL} long$i; done >/dev/null", timeout=200)
    try:
        done = provisioner(bed, "image", "df", host.target, "--json")
        assert done.returncode == 0, done.stderr
        (found,) = json.loads(done.stdout)["hosts"]
        assert found["exact"] is exact
        assert found["volumes"]["count"] == volumes + 2
    finally:
        host.sh("docker volume ls -q | grep long | xargs docker volume rm >/dev/null")
