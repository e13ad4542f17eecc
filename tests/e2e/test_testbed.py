"""The test bed itself: its hosts boot, its mirrors serve."""

from __future__ import annotations

import paramiko
import pytest

from tests.testbed.recipes import RECIPES

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("slug", RECIPES)
def test_a_host_boots_and_accepts_the_key(bed, start_host, slug):
    host = start_host(slug, name="web01")
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(bed.known_hosts))
        client.connect(host.address, host.port, username="root", key_filename=str(bed.key_file), allow_agent=False)
        answers = client.exec_command("uname -r; hostname; cat /proc/1/comm")[1].read().decode().split()
    assert answers[1] == "web01"
    assert answers[0].startswith("2.6.") == (host.recipe.init == "kernel-2.6")
    assert answers[2] == {"systemd": "systemd", "systemd-cgroup2": "systemd", "sysvinit": "init"}.get(
        host.recipe.init, "testbed-entry"
    )
    assert (host.sh("command -v dockerd", check=False).returncode == 0) == bool(host.recipe.engine)
    if host.recipe.engine:
        assert host.sh("docker version --format '{{.Server.Version}}'").stdout.startswith(host.recipe.engine)


def test_the_accounts_have_the_sudo_they_are_said_to_have(bed, start_host):
    host = start_host("debian-12")
    assert host.sh("sudo -n id -u", user="ops").stdout == "0\n"
    assert host.sh("sudo -n id -u", user="pat", check=False).returncode == 1
    assert host.sh("sudo -S -p '' id -u", user="pat", stdin=bed.passwords["pat"] + "\n").stdout == "0\n"
    refused = host.sh("sudo -S -p '' id -u", user="nosudo", stdin=bed.passwords["nosudo"] + "\n", check=False)
    assert refused.returncode == 1
    assert "not in the sudoers file" in refused.stderr


def test_an_os_release_is_what_a_host_claims_to_be(start_host):
    assert 'ID="rocky"' in start_host("centos-9-lookalike", os_release="rocky-9").read("/etc/os-release")


@pytest.mark.parametrize("slug", ["debian-13-engine", "ubuntu-14.04-lookalike-engine"])
def test_a_pull_goes_through_the_mirror_that_is_named(bed, start_host, slug):
    host = start_host(slug)
    first, second = bed.mirrors
    if host.recipe.init == "sysvinit":
        host.write("/etc/default/docker", f'DOCKER_OPTS="--registry-mirror {second.url}"\n')
        host.sh("service docker stop; service docker start; until docker version >/dev/null; do sleep 0.1; done")
    else:
        host.write("/etc/docker/daemon.json", f'{{"registry-mirrors": ["{second.url}"]}}')
        host.sh("systemctl reload docker")
    assert "Hello from Docker!" in host.sh("docker run --rm hello-world").stdout
    host.sh("docker run -d busybox sleep 600")
    assert second.pulls(host) == 1
    assert second.pulls(host, "library/busybox") == 1
    host.sh("docker pull hello-world")
    assert second.pulls(host) == 1
    host.sh("docker rmi hello-world && docker pull hello-world")
    assert second.pulls(host) == 2
    assert not first.log_of(host)


def test_what_is_stopped_is_gone(bed, start_host):
    host = start_host("debian-12-noinit")
    assert f":{host.port} " in bed.known_hosts.read_text()
    host.stop()
    assert bed.known_hosts.read_text().count(f":{host.port} ") == 0


def run_through_the_mirror(host, mirror):
    host.write("/etc/docker/daemon.json", f'{{"registry-mirrors": ["{mirror.url}"]}}')
    host.sh("systemctl restart docker")
    assert "Hello from Docker!" in host.sh("docker run --rm hello-world").stdout
    assert mirror.pulls(host)


def test_the_source_installs_with_apt(bed, start_host):
    host = start_host("ubuntu-24.04-lookalike")
    url = f"{bed.source.url}/linux/ubuntu"
    host.sh(f"wget -q -O /etc/apt/keyrings/docker.asc {url}/gpg")
    line = f"deb [signed-by=/etc/apt/keyrings/docker.asc] {url} noble stable"
    host.sh(f"echo '{line}' >/etc/apt/sources.list.d/docker.list; apt-get update -q")
    offered = host.sh("apt-cache madison docker-ce").stdout
    assert "5:26.1.5-1~ubuntu.24.04~noble" in offered
    assert "5:20.10.24~3-0~ubuntu-noble" in offered
    host.sh("apt-get install -y -q docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin")
    assert host.sh("systemctl is-active docker.service docker.socket containerd").stdout.split() == ["active"] * 3
    assert host.sh("docker version --format '{{.Server.Version}}'").stdout.startswith("26.1.5")
    run_through_the_mirror(host, bed.mirrors[0])


def test_the_source_installs_with_dnf(bed, start_host):
    host = start_host("centos-9-lookalike")
    url = f"{bed.source.url}/linux/centos"
    host.sh(f"curl -fsS -o /etc/yum.repos.d/docker-ce.repo {url}/docker-ce.repo && rpm --import {url}/gpg")
    assert "3:20.10.24-3.el9" in host.sh("dnf -q list --showduplicates docker-ce --releasever 9").stdout
    host.sh("dnf -y -q install --releasever 9 docker-ce-20.10.24 docker-ce-cli-20.10.24 containerd.io")
    host.sh("systemctl start docker")
    assert host.sh("docker version --format '{{.Server.Version}}'").stdout.startswith("20.10.24")
    run_through_the_mirror(host, bed.mirrors[0])


def test_each_bad_source_is_bad_in_its_own_way(bed, start_host):
    host = start_host("debian-13")

    def fetch(variant, path):
        words = f"curl -sS -m 2 -o /tmp/answer -w '%{{http_code}}' {bed.source.variant(variant).url}/linux/{path}"
        return host.sh(words, check=False).stdout, host.sh("cat /tmp/answer", check=False).stdout

    suite = "debian/dists/trixie"
    good = fetch("good", "debian/gpg")[1]
    assert "BEGIN PGP PUBLIC KEY" in good
    assert fetch("wrongkey", "debian/gpg")[1] not in {good, ""}
    assert fetch("missing", f"{suite}/InRelease")[0] == "404"
    assert fetch("slow", f"{suite}/InRelease")[0] == "000"
    listed = f"{suite}/stable/binary-amd64/Packages"
    assert fetch("broken", f"{suite}/InRelease") == fetch("good", f"{suite}/InRelease")
    assert fetch("broken", listed)[1] != fetch("good", listed)[1]
    assert bed.source.log_of(host)[-1].path == f"/good/linux/{listed}"
