"""An engine that no package brought: programs in /usr/local/bin with a unit of their own, as a vendor would do it."""

from __future__ import annotations

import json

import pytest

from tests.e2e import engine_states as states
from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e
UNIT = """[Unit]
Description=Docker static
[Service]
Type=notify
ExecStart=/usr/local/bin/dockerd
ExecReload=/bin/kill -s HUP $MAINPID
[Install]
WantedBy=multi-user.target
"""
PROGRAMS = "dockerd docker docker-proxy docker-init containerd containerd-shim-runc-v2 ctr runc"


@pytest.fixture(scope="module")
def host(bed):
    """A host whose engine's programs are those of its packages, moved, and whose packages are gone."""
    running = bed.start("debian-13-engine")
    running.sh(
        "systemctl stop docker.socket docker.service containerd; mkdir /root/p;"
        f"for name in {PROGRAMS}; do path=$(command -v $name) && cp $path /root/p/; done;"
        "dpkg --purge --force-depends docker.io docker-cli containerd runc >/dev/null 2>&1; mv /root/p/* /usr/local/bin/"
    )
    running.write("/etc/systemd/system/docker.service", UNIT)
    running.sh("systemctl daemon-reload; systemctl enable --now docker.service; docker info >/dev/null")
    yield running
    running.stop()


def packages(host):
    return host.sh(
        "dpkg-query -W -f '${db:Status-Abbrev}${Package}\\n' | grep -E 'docker|containerd'", check=False
    ).stdout


def test_static_engine_under_usr_local(host, bed):
    url, pid = bed.mirrors[0].url, host.sh("cat /run/docker.pid").stdout
    outcomes(bed, "apply", "--registry-mirror", url, host.target, "--yes")
    assert states.mirrors(host) == [f"{url}/"]
    assert "from no package, started by /etc/systemd/system/docker.service" in (
        provisioner(bed, "facts", host.target).stdout
    )
    source = ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)
    for words in (
        ("apply", *source, "--docker-version", "20.10.24", "--allow-restart", "--yes"),
        ("apply", "--strategy", "distro-packages", "--allow-restart", "--yes"),
        ("apply", "--docker-version", "28", "--yes"),
    ):
        done = provisioner(bed, *words, host.target)
        assert done.returncode == 5, done.stdout + done.stderr
        assert "/usr/local/bin/dockerd, from no package" in done.stdout
        assert "systemctl disable --now docker.socket docker.service" in done.stdout
    removal = provisioner(bed, "remove", host.target, "--yes", "--allow-restart")
    assert removal.returncode == 5, removal.stdout
    assert packages(host) == ""
    assert host.sh("cat /run/docker.pid").stdout == pid
    outcomes(bed, "apply", "--docker-version", "26.1", host.target, "--yes")


def test_the_way_out_that_is_shown_leads_to_packages_and_keeps_the_data(host, bed):
    source = ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)
    host.sh("docker pull -q hello-world")
    done = provisioner(
        bed, "apply", *source, "--docker-version", "26.1.5", "--strategy", "apt-repo", host.target, "--yes"
    )
    (way,) = {line.partition("first, its images and volumes stay: ")[2] for line in done.stdout.splitlines()} - {""}
    host.sh(way, check=False)
    (result,) = outcomes(bed, "apply", "--strategy", "distro-packages", host.target, "--yes").values()
    assert result["docker_version"].startswith("26.1.5")
    assert host.sh("readlink /proc/$(cat /run/docker.pid)/exe").stdout == "/usr/sbin/dockerd\n"
    assert "hello-world" in host.sh("docker image ls").stdout
    facts = json.loads(provisioner(bed, "facts", host.target, "--json").stdout)["hosts"][0]["engine"]
    assert facts["package"] == "docker.io"
