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
    assert second.pulls(host)
    assert second.pulls(host, "library/busybox")
    assert not first.log_of(host)


def test_what_is_stopped_is_gone(bed, start_host):
    host = start_host("debian-12-noinit")
    assert f":{host.port} " in bed.known_hosts.read_text()
    host.stop()
    assert bed.known_hosts.read_text().count(f":{host.port} ") == 0
