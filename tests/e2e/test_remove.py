"""Engines are removed, purged and installed again; what was not an engine's is still there."""

from __future__ import annotations

import pytest

from tests.e2e.command_line import at_a_terminal, outcomes, provisioner

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

STRAY = ("/etc/docker/notes.txt", "/etc/apt/sources.list.d/mine.list", "/etc/yum.repos.d/mine.repo", "/srv/mine")


def from_source(bed):
    return ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)


def fill(host, bed):
    """An image, a container that is stopped, a volume with a file, and files that nobody's installer wrote."""
    host.sh("docker pull -q busybox && docker tag busybox mine:1")
    host.sh(
        "docker volume create data && docker run --name old --network none -v data:/data busybox sh -c 'echo kept >/data/file'"
    )
    for path in STRAY:
        host.write(path, "# mine\n")


def volume_file(host):
    return host.sh("cat /var/lib/docker/volumes/data/_data/file", check=False).stdout


def strays(host):
    return [path for path in STRAY if host.sh(f"cat {path}", check=False).stdout != "# mine\n"]


def nothing_left_of(host, *packages):
    assert host.sh("command -v dockerd docker", check=False).stdout == ""
    assert (
        host.sh(
            "ls -d /run/docker.sock /etc/apt/sources.list.d/docker.* /etc/yum.repos.d/docker-ce.repo "
            "/etc/apt/keyrings/docker.asc /etc/pki/rpm-gpg/RPM-GPG-KEY-docker",
            check=False,
        ).stdout
        == ""
    )
    for name in packages:
        query = f"dpkg-query -W -f '${{db:Status-Abbrev}}' {name} 2>/dev/null || rpm -q {name}"
        assert not host.sh(query, check=False).stdout.startswith("ii"), name
    if host.recipe.init.startswith("systemd"):
        assert host.sh("systemctl --failed --no-legend").stdout == ""
        assert "docker" not in host.sh("ls /etc/systemd/system /etc/systemd/system/*.wants").stdout


CASES = {
    "debian-13": ("docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin"),
    "centos-9-lookalike": ("docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin"),
    "debian-12": ("docker.io", "containerd", "runc"),
    "ubuntu-14.04-lookalike": ("docker.io", "containerd", "runc"),
    "debian-12-noinit": ("docker.io", "containerd", "runc"),
}


LONG = ("debian-12", "debian-12-noinit")
"""What these show beside the others is how other packages and no init take part."""


@pytest.mark.parametrize(
    "slug", [pytest.param(slug, marks=pytest.mark.matrix) if slug in LONG else slug for slug in CASES]
)
def test_removed_purged_and_installed_again(slug, start_host, bed):
    host = start_host(slug)
    how = from_source(bed) if "docker-ce" in CASES[slug] else ("--strategy", "distro-packages")
    apply = ("apply", host.target, "--yes", "--registry-mirror", bed.mirrors[0].url, "--hold", *how)
    if slug.startswith("centos"):
        apply = tuple(word for word in apply if word != "--hold")  # no versionlock plugin there
    host.lets_stay("^held: ", why="--hold")
    outcomes(bed, *apply)
    fill(host, bed)
    configuration = host.read("/etc/default/docker" if "14.04" in slug else "/etc/docker/daemon.json")

    # Removed: the data and the configuration stay, and the next engine finds them.
    result = outcomes(bed, "remove", host.target, "--yes")[host.target]
    assert result["status"] == "changed", result
    nothing_left_of(host, *CASES[slug])
    assert strays(host) == []
    assert volume_file(host) == "kept\n"
    assert host.sh("apt-mark showhold 2>/dev/null", check=False).stdout == ""
    again = provisioner(bed, "remove", host.target, "--yes")
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True), again.stdout + again.stderr
    outcomes(bed, "status", host.target)
    outcomes(bed, "status", host.target, "--docker-version", "latest", status=9)
    outcomes(bed, *apply)
    assert host.sh("docker image inspect mine:1 && docker start -a old").returncode == 0
    assert host.read("/etc/default/docker" if "14.04" in slug else "/etc/docker/daemon.json") == configuration

    # Purged: shown first, refused without an answer, gone afterwards.
    host.sh("docker run -d --name alive --network none busybox sleep 1000")
    refused = provisioner(bed, "remove", host.target, "--yes", "--purge")
    assert refused.returncode == 2
    assert "nothing was touched" in refused.stderr
    blocked = provisioner(bed, "remove", host.target, "--yes", "--purge", "--yes-delete-data")
    assert blocked.returncode == 8, blocked.stdout + blocked.stderr
    assert "that stops 1 running containers" in blocked.stdout
    assert host.sh("docker inspect -f '{{.State.Running}}' alive").stdout == "true\n"
    purged = provisioner(bed, "remove", host.target, "--yes", "--purge", "--yes-delete-data", "--allow-restart")
    assert purged.returncode == 0, purged.stdout + purged.stderr
    assert "2 containers, 2 images, 1 volume" in purged.stderr or "2 containers, 1 image, 1 volume" in purged.stderr
    assert "alive (running)" in purged.stderr
    nothing_left_of(host, *CASES[slug])
    assert host.sh("ls -A /var/lib/docker /var/lib/containerd /etc/docker 2>/dev/null", check=False).stdout.split() in (
        [],
        ["/var/lib/docker:"],
    )
    assert host.sh("grep ^docker: /etc/group", check=False).stdout == ""
    assert host.read("/srv/mine") == "# mine\n"
    assert host.read("/etc/apt/sources.list.d/mine.list") == "# mine\n"
    again = provisioner(bed, "remove", host.target, "--yes", "--purge", "--yes-delete-data")
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True), again.stdout + again.stderr

    # Like new.
    outcomes(bed, *apply)
    assert "Hello from Docker!" in host.sh("docker run --rm --network none hello-world").stdout


@pytest.fixture(scope="module")
def other_root(bed):
    """A host whose data lies at /srv/data, a directory with other things in it, which a symlink leads to."""
    host = bed.start("debian-12-engine")
    host.sh("systemctl stop docker.socket docker && mkdir -p /data/docker /srv && ln -s /data/docker /srv/data")
    host.write("/etc/docker/daemon.json", '{"data-root": "/srv/data", "live-restore": true}\n')
    host.write("/data/docker/thesis.txt", "mine\n")
    host.sh("systemctl start docker")
    host.sh(f"docker pull -q {bed.mirrors[0].url.removeprefix('http://')}/library/busybox", check=False)
    host.sh("docker volume create data && mkdir -p /data/shared && echo kept >/data/shared/file")
    yield host
    host.stop()


def test_a_mount_inside_the_data_stops_a_purge_before_anything_is_removed(other_root, bed):
    host = other_root
    host.sh("mount --bind /data/shared /data/docker/volumes/data/_data")
    done = provisioner(bed, "remove", host.target, "--yes", "--purge", "--yes-delete-data")
    host.sh("umount /data/docker/volumes/data/_data")
    assert done.returncode == 6, done.stdout + done.stderr
    assert "still mounted below /data/docker: /data/docker/volumes/data/_data" in done.stdout
    assert host.read("/data/shared/file") == "kept\n"
    assert host.sh("command -v dockerd").returncode == 0
    assert host.sh("ls -d /data/docker/volumes/data").returncode == 0


def test_a_purge_asks_for_the_name_of_the_host(other_root, bed):
    host = other_root
    host.sh("systemctl start docker")
    status, shown = at_a_terminal(bed, "remove", host.target, "--purge", answers=["wrong"])
    shown = " ".join(shown.split())  # a terminal gets lines that people can read
    assert (
        "delete /data/docker, /var/lib/containerd, /var/lib/docker, /etc/docker: 0 containers, 0 images, 1 volume"
        in shown
    )
    assert "volumes: data" in shown
    assert "nothing was changed" in shown
    assert status == 0
    assert host.sh("docker volume ls -q").stdout == "data\n"


def test_at_another_data_root_only_what_an_engine_made_is_deleted(other_root, bed):
    host = other_root
    name = host.sh("uname -n").stdout.strip()
    status, shown = at_a_terminal(bed, "remove", host.target, "--yes", "--purge", answers=[name], timeout=300)
    assert status == 0, shown
    nothing_left_of(host, "docker.io", "containerd", "runc")
    assert host.sh("ls -A /data/docker").stdout == "thesis.txt\n"
    assert host.sh("ls -A /var/lib/docker").stdout == ""
    assert host.sh("readlink /srv/data").stdout == "/data/docker\n"
    assert host.read("/data/shared/file") == "kept\n"
