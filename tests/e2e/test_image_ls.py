"""`image ls` beside `docker image ls` on the same hosts: engines 20.10, 26.1, 28.5, and the containerd store."""

from __future__ import annotations

import json
import re
import shlex
import time

import pytest

from tests.e2e import image_hosts
from tests.e2e.command_line import COMMAND, provisioner, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FILL = r"""
set -e
export DOCKER_BUILDKIT=0
docker pull -q busybox; docker pull -q hello-world
docker tag busybox busybox:1.36; docker tag busybox registry.example:5000/team/app:v1; docker tag hello-world greeting:0.1
mkdir /root/app
cat >/root/app/Dockerfile <<'END'
FROM busybox
RUN echo 1 >/a
LABEL com.example.version=0.1 odd="a\nb\u001b[31m c"
RUN echo 2 >/b
END
docker build -q -t app:1 /root/app
sleep 1
echo 'RUN echo 3 >/c' >>/root/app/Dockerfile
docker build -q -t app:2 /root/app
docker build -q -t app:gone /root/app --label moved=1
docker tag busybox app:gone
"""


@pytest.fixture(scope="module")
def hosts(bed):
    with image_hosts.filled(bed, FILL) as running:
        yield running


def listed(bed, hosts, *words, status=0):
    """{kind: what `image ls --by host` prints of it}."""
    done = provisioner(bed, "image", "ls", *words, *(host.target for host in hosts.values()), "--by", "host")
    assert done.returncode == status, done.stderr
    names = {host.target: kind for kind, host in hosts.items()}
    parts = re.split(r"(?m)^== (.*)\n", done.stdout)[1:]
    return {names[name]: text for name, text in zip(parts[::2], parts[1::2], strict=True)}


def same(bed, hosts, words, *more, headed):
    """Fail unless both print the same; "9 seconds ago" is "10 seconds ago" a moment later, so that takes a while."""
    limit = time.monotonic() + 90
    while True:
        truth = image_hosts.on_all(hosts, f"docker image ls {words}")
        found = listed(bed, hosts, *shlex.split(words), *more)
        if all(in_order(found[kind], headed=headed) == in_order(truth[kind], headed=headed) for kind in hosts):
            return
        if not headed or time.monotonic() > limit:
            assert found == truth
            pytest.fail("an order that is not docker's")
        time.sleep(2)


def in_order(text, *, headed):
    """Lines in one order: an engine lists images of one second, and the names of one image, in a random one."""
    lines = text.splitlines(keepends=True)
    return lines[:headed] + sorted(lines[headed:])


TEMPLATES = [
    "--format '{{.ID}}: {{.Repository}}'", r"--format 'table {{.ID}}\t{{.Repository}}\t{{.Tag}}'",
    "--format '{{.Repository}}:{{.Tag}} {{.Digest}} {{.CreatedAt}} {{.Size}}' -a --no-trunc", r"--format 'a\n{{.Tag}}'",
]  # fmt: skip


@pytest.mark.parametrize("words", TEMPLATES)
def test_templates_are_dockers(hosts, bed, words):
    same(bed, hosts, words, headed=False)


@pytest.mark.parametrize("words", ["-q", "-a -q --no-trunc", "-q -f dangling=true"])
def test_ids_alone_come_one_host_after_another(hosts, bed, words):
    truth = image_hosts.on_all(hosts, f"docker image ls {words}")
    targets = [host.target for host in hosts.values()]
    done = provisioner(bed, "image", "ls", *words.split(), *targets)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == sorted("".join(truth.values()).splitlines())


def test_one_host_has_no_heading(hosts, bed):
    host = hosts["20.10"]
    words = ("--format", "{{.Repository}}:{{.Tag}}", "greeting")
    done = provisioner(bed, "image", "list", *words, host.target)
    assert done.stdout == host.sh(f"docker image ls {shlex.join(words)}").stdout == "greeting:0.1\n"


def test_a_matrix_tells_what_differs_and_what_is_missing(hosts, bed):
    some = {kind: hosts[kind] for kind in ("20.10", "26.1", "28.5-containerd")}
    some["26.1"].sh("docker rmi greeting:0.1; docker tag hello-world busybox:1.36")
    try:
        done = provisioner(bed, "image", "ls", *(host.target for host in some.values()))
        rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line}
        digest = (
            some["20.10"].sh("docker image inspect busybox -f '{{index .RepoDigests 0}}'").stdout.strip()[-64:][:12]
        )
        other = (
            some["20.10"].sh("docker image inspect hello-world -f '{{index .RepoDigests 0}}'").stdout.strip()[-64:][:12]
        )
        assert rows["busybox:latest"] == [digest] * 3
        assert rows["busybox:1.36"] == ["differs", digest, other, digest]
        assert rows["greeting:0.1"] == [other, "-", other]
        assert rows["app:1"][0] == "?"
        assert "1 missing on some" in done.stdout
        document = json.loads(provisioner(bed, "image", "ls", *(h.target for h in some.values()), "--json").stdout)
        said = {row["name"]: row for row in document["differences"]}
        assert said["busybox:latest"]["same"]
        assert len(said["busybox:1.36"]["groups"]) == 2
        sizes = [host["images"][0]["size"] for host in document["hosts"]]
        assert all(isinstance(size, int) and size > 1_000_000 for size in sizes)
    finally:
        some["26.1"].sh("docker tag hello-world greeting:0.1; docker tag busybox busybox:1.36")


def test_hostile_names_and_labels_are_words(hosts, bed):
    host = hosts["28.5"]
    done = provisioner(bed, "image", "ls", "-f", "label=odd=$(touch /tmp/owned)';\"", "$(id)*", host.target)
    assert done.returncode == 0
    assert host.sh("test -e /tmp/owned", check=False).returncode == 1
    template = "{{.ID}} {{.Repository}}'\"$(id)`id`\\"
    mine = provisioner(bed, "image", "ls", "app:1", "--format", template, host.target).stdout
    assert mine == host.sh(f"docker image ls app:1 --format {shlex.quote(template)}").stdout
    wrong = provisioner(bed, "image", "ls", "-f", "label", host.target)
    assert wrong.returncode == 2
    assert "no filter" in wrong.stderr
    unknown = provisioner(bed, "image", "ls", "-f", "before=nobody:1", host.target)
    assert unknown.returncode == 6
    assert "nobody:1" in unknown.stderr


def test_a_member_of_group_docker_needs_no_sudo(hosts, bed):
    host = hosts["26.1"]
    host.sh("usermod -aG docker nosudo")
    try:
        done = provisioner(bed, "image", "ls", "-q", "greeting", host.target_as("nosudo"))
        assert (done.returncode, done.stdout) == (0, host.sh("docker image ls -q greeting").stdout)
    finally:
        host.sh("gpasswd -d nosudo docker")
    refused = provisioner(bed, "image", "ls", "-q", host.target_as("nosudo"))
    assert refused.returncode == 6
    assert "may not ask the engine" in refused.stderr
    assert f"provisioner apply {host.target_as('nosudo')}" in refused.stderr
    by_sudo = provisioner(bed, "image", "ls", "-q", "greeting", host.target_as("ops"))
    assert by_sudo.stdout == host.sh("docker image ls -q greeting").stdout


def test_an_account_with_an_engine_of_its_own_is_answered_by_that_one(hosts, bed):
    """A look-alike of a rootless engine: its socket is where one has it, and is the account's."""
    host = hosts["20.10"]
    uid = host.sh("id -u nosudo").stdout.strip()
    host.sh(
        f"loginctl enable-linger nosudo; mkdir -p /run/user/{uid}; setsid dockerd --host unix:///run/user/{uid}/docker.sock --group nosudo"
        " --data-root /var/lib/docker/second --exec-root /run/second --pidfile /run/second.pid --bridge none"
        " --iptables=false >/tmp/second.log 2>&1 </dev/null & "
        f"for i in $(seq 150); do docker -H unix:///run/user/{uid}/docker.sock version >/dev/null 2>&1 && exit 0;"
        f" sleep 0.2; done; cat /tmp/second.log >&2; exit 1"
    )
    try:
        host.sh(
            f"chmod 755 /run/user/{uid}; docker save hello-world | docker -H unix:///run/user/{uid}/docker.sock load"
        )
        done = provisioner(bed, "image", "ls", "--format", "{{.Repository}}", host.target_as("nosudo"))
        assert (done.returncode, done.stdout) == (0, "hello-world\n"), done.stderr
        for words in (["df"], ["prune", "-a", "--plan"], ["drift"], ["rm", "hello-world"], ["ls", "-q"]):
            done = provisioner(bed, "image", *words, host.target_as("nosudo"))
            assert done.returncode == 0, (words, done.stdout, done.stderr)
        assert done.stdout == ""
        assert host.sh("docker image ls -q hello-world").stdout
    finally:
        host.sh(
            "loginctl disable-linger nosudo; kill $(cat /run/second.pid); while [ -e /run/second.pid ]; do sleep 0.1; done"
        )


def test_the_client_of_a_snap_is_found(hosts, bed):
    """A look-alike: its client is where Docker's snap has it, and nowhere else."""
    host = hosts["20.10"]
    host.sh("mkdir -p /snap/bin; mv /usr/bin/docker /snap/bin/docker")
    try:
        done = provisioner(bed, "image", "ls", "-q", "greeting", host.target)
        assert (done.returncode, done.stdout) == (0, host.sh("/snap/bin/docker image ls -q greeting").stdout)
        for words in (["df"], ["drift"], ["pull", "busybox"], ["prune", "--plan"]):
            done = provisioner(bed, "image", *words, host.target)
            assert done.returncode == 0, (words, done.stdout, done.stderr)
        reached = ["--on", host.target, "--private-key", str(bed.key_file), "--known-hosts", str(bed.known_hosts)]
        done = run([*COMMAND, "image", "run", "--rm", *reached, "busybox", "echo", "it runs"])
        assert done.stdout == "it runs\n", done.stderr
    finally:
        host.sh("mv /snap/bin/docker /usr/bin/docker")


NEWER = """#!/bin/sh
case $* in
  --version) echo 'Docker version 29.1.3, build f52814d'; exit ;;
  'image ls '*-a*) ;;
  'image ls '*) set -- "$@" --filter dangling=false ;;
esac
exec /usr/bin/docker "$@"
"""


def test_a_client_that_hides_untagged_images_lists_them(hosts, bed):
    """A look-alike of clients since 29.0: they leave untagged images out unless they are asked for all."""
    host = hosts["26.1"]
    host.write("/usr/local/bin/docker", NEWER, mode="755")
    try:
        for words in ("--format '{{.ID}} {{.Tag}}'", "-a --format '{{.ID}}'", "-q", "--format raw"):
            truth = host.sh(f"/usr/bin/docker image ls {words}").stdout
            done = provisioner(bed, "image", "ls", *shlex.split(words), host.target)
            assert (done.returncode, done.stderr) == (0, "")
            if words == "--format raw":
                assert "repository: greeting" in done.stdout
            else:
                assert sorted(done.stdout.splitlines()) == sorted(truth.splitlines())
        dangling = host.sh("/usr/bin/docker image ls -q -f dangling=true").stdout
        assert dangling.strip()
        assert dangling.strip() in provisioner(bed, "image", "ls", "-q", host.target).stdout
    finally:
        host.sh("rm /usr/local/bin/docker")


def test_where_there_is_no_engine_the_way_to_one_is_told(bed, start_host, hosts):
    bare, good = start_host("debian-12"), hosts["28.5"]
    done = provisioner(bed, "image", "ls", "-q", "greeting", bare.target, good.target)
    assert done.returncode == 5
    assert f"install one: provisioner apply {bare.target}" in done.stderr
    assert done.stdout == good.sh("docker image ls -q greeting").stdout
    good.sh("systemctl stop docker.socket docker.service")
    try:
        stopped = provisioner(bed, "image", "ls", good.target)
        assert stopped.returncode == 4
        assert f"provisioner status {good.target}" in stopped.stderr
    finally:
        good.sh("systemctl reset-failed docker.service docker.socket; systemctl start docker.socket docker.service")


TABLES = [
    "", "-a", "--digests --no-trunc -a", "busybox", "'app:[12]'", "'*/*/app:v?'", "nothing",
    "-f dangling=true", "-f dangling=false --digests", "-f label=com.example.version --no-trunc",
    "-f label=com.example.version=9 --format table", "-f before=app:2", "-f since=busybox:1.36 -f before=app:2",
    "-f reference='*:1.36' -f reference='app:*'",
]  # fmt: skip


@pytest.mark.parametrize("words", TABLES)
def test_tables_are_dockers(hosts, bed, words):
    same(bed, hosts, words, headed=True)


@pytest.mark.parametrize("words", ["-a --digests --no-trunc", r"--format 'table {{.Tag}}\t{{.Size}}'"])
def test_what_until_leaves_looks_as_docker_prints_it(hosts, bed, words):
    same(bed, hosts, words, "-f", "until=1s", headed=True)
    none = listed(bed, hosts, *shlex.split(words), "-f", "until=2001-02-03")
    assert all(len(text.splitlines()) == 1 for text in none.values())
