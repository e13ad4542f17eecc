"""Engines that were told something already: a real podman 4.3 and containerd 1.6 and 1.7 say what becomes of it."""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import outcomes, provisioner
from tests.planner.told_files import BLOCKED, INLINE, LIBRARY, REMAPPED
from tests.testbed.debs import unpack_on

pytestmark = pytest.mark.e2e
CONF = "/etc/containers/registries.conf"
OURS = f"{CONF}.d/50-provisioner-mirrors.conf"
PODMAN = (
    "podman", "conmon", "libgpgme11", "libassuan0", "libsubid4", "libgpg-error0", "libglib2.0-0",
    "golang-github-containers-common", "golang-github-containers-image",
)  # fmt: skip


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("debian-12-engine", name="told")
    unpack_on(running.name, *PODMAN)
    running.sh("ldconfig; podman --version")
    storage = '[storage]\ndriver = "vfs"\nrunroot = "/run/containers"\ngraphroot = "/var/lib/containers"\n'
    running.write("/etc/containers/storage.conf", storage)
    running.sh(f"cp {CONF} /root/registries.conf")
    yield running
    running.stop()


def registries(host):
    return json.loads(host.sh("podman info --format '{{json .Registries}}'").stdout)


def podman_pulls(host, image):
    host.sh(f"podman rmi -f {image}", check=False)
    return host.sh(f"timeout 60 podman pull -q {image}", check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [(REMAPPED, "docker.io comes from"), (BLOCKED, "docker.io is blocked"), (LIBRARY, "docker.io/library comes from")],
    ids=["remapped", "blocked", "library"],
)
def test_podman_docker_io_remapped_or_blocked(host, bed, text, says):
    host.write(CONF, text)
    before = registries(host)
    done = provisioner(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--also", "podman", "--yes")
    assert done.returncode == 6, done.stdout + done.stderr
    assert CONF in done.stdout
    assert says in done.stdout
    assert registries(host) == before
    assert host.sh("docker info -f '{{json .RegistryConfig.Mirrors}}'").stdout.strip() in {"[]", "null"}
    status = provisioner(bed, "mirror", "status", host.target)
    assert says in status.stdout


def test_podman_pulls_through_what_was_written(host, bed):
    host.sh(f"cp /root/registries.conf {CONF}")
    mirror = bed.mirrors[0]
    assert not podman_pulls(host, "docker.io/library/hello-world")
    outcomes(bed, "mirror", "set", mirror.url, host.target, "--also", "podman", "--yes")
    assert podman_pulls(host, "docker.io/library/hello-world")
    (again,) = outcomes(bed, "mirror", "set", mirror.url, host.target, "--also", "podman", "--yes").values()
    assert again["status"] == "converged"
    outcomes(bed, "mirror", "clear", host.target, "--also", "podman", "--yes")
    assert host.sh(f"test -e {OURS}", check=False).returncode == 1
    assert not podman_pulls(host, "docker.io/library/hello-world")


@pytest.mark.parametrize(
    "text", ["[[registry.mirror]]\nlocation = 'm'\n", "[[registry]]\nlocation = 'a'\nblocked = 'x'\n"]
)
def test_what_podman_does_not_read_is_refused(host, bed, text):
    host.write(f"{CONF}.d/60-odd.conf", text)
    try:
        assert host.sh("podman info", check=False).returncode != 0
        done = provisioner(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--also", "podman", "--yes")
        assert done.returncode == 6, done.stdout + done.stderr
        assert "60-odd.conf cannot be read" in done.stdout
    finally:
        host.sh(f"rm {CONF}.d/60-odd.conf")


def cri(host):
    """ok, or what else `ctr plugins ls` says of CRI after containerd has started anew."""
    host.sh("systemctl reset-failed containerd docker; systemctl restart containerd; sleep 2")
    lines = host.sh("ctr plugins ls").stdout.splitlines()
    return next(line.split()[-1] for line in lines if line.split()[1:2] == ["cri"])


@pytest.mark.parametrize("slug", ["debian-12-engine", "debian-13-engine"])
def test_containerd_inline_mirrors(bed, start_host, slug):
    host = start_host(slug, name="inline")
    host.write("/etc/containerd/config.toml", INLINE)
    assert cri(host) == "ok"
    mirror = bed.mirrors[0].url
    done = provisioner(bed, "mirror", "set", mirror, host.target, "--also", "containerd", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    assert "First take registry.mirrors out of it" in said
    rows = json.loads(provisioner(bed, "mirror", "status", host.target, "--json").stdout)["hosts"][0]["other_engines"]
    inline, hosts_toml = rows["containerd"]
    assert inline["mirrors"] == ["https://mirror.gcr.io", "https://registry-1.docker.io"]
    assert "containerd does not read it" in hosts_toml["problem"]
    assert mirror not in provisioner(bed, "mirror", "status", host.target).stdout.partition("containerd: docker.io")[2]
    # In the order of the advice, and against it.
    named = '[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n'
    host.write("/etc/containerd/config.toml", f"{INLINE}{named}")
    assert cri(host) != "ok"
    assert "CRI does not start" in provisioner(bed, "mirror", "status", host.target).stdout
    host.write("/etc/containerd/config.toml", f"version = 2\n{named}")
    assert cri(host) == "ok"
    rows = json.loads(provisioner(bed, "mirror", "status", host.target, "--json").stdout)["hosts"][0]["other_engines"]
    assert [row["mirrors"] for row in rows["containerd"]] == [[mirror]]
    (again,) = outcomes(bed, "mirror", "set", mirror, host.target, "--also", "containerd", "--yes").values()
    assert again["status"] == "converged"


def test_imports_of_containerd_are_read(bed, start_host):
    host = start_host("debian-12-engine", name="imports")
    host.write(
        "/etc/containerd/config.toml", 'version = 2\nimports = [\n  "/opt/site/*.toml", # ours\n  "conf.d/*.toml",\n]\n'
    )
    host.write("/opt/site/mirrors.toml", INLINE)
    host.write("/etc/containerd/conf.d/x.toml", "version = 2\n")
    assert cri(host) == "ok"
    rows = json.loads(provisioner(bed, "mirror", "status", host.target, "--json").stdout)["hosts"][0]["other_engines"]
    assert [(row["path"], row["registry"]) for row in rows["containerd"]] == [("/opt/site/mirrors.toml", "docker.io")]
