"""Mirrors of running engines: 20.10, 26.1 and 28.5 on systemd. Nothing here asks our own code how it went."""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import outcomes, provisioner
from tests.e2e.engine_ages import ALL

pytestmark = pytest.mark.e2e
CONFIG = "/etc/docker/daemon.json"
ODD = '{\n    "shutdown-timeout":   9,\n\t"labels": ["kept=yes"]}'


@pytest.fixture(scope="module", params=ALL)
def host(request, bed):
    running = bed.start(request.param)
    yield running
    running.stop()


@pytest.fixture
def container(host, bed):
    """A running container, as `docker inspect` describes what a restart would change."""
    url = bed.mirrors[0].url
    host.write(CONFIG, json.dumps({"registry-mirrors": [url]}))
    host.sh(
        "systemctl reload docker; sleep 1; docker run -d --name running --stop-signal KILL --network none busybox sleep 3600"
    )
    host.write(CONFIG, ODD, mode="600")
    host.sh("systemctl reset-failed docker; systemctl restart docker && docker start running")
    yield lambda: host.sh("docker inspect -f '{{.State.Pid}} {{.State.StartedAt}} {{.State.Status}}' running").stdout
    host.sh("docker rm -f running")


def mirrors(host):
    return json.loads(host.sh("docker info -f '{{json .RegistryConfig.Mirrors}}'").stdout) or []


def test_a_container_runs_on_while_its_mirrors_change(host, bed, container):
    first, second = (mirror.url for mirror in bed.mirrors)
    before, daemon = container(), host.sh("systemctl show -p MainPID docker").stdout
    for wanted in ([first], [second, first], [second, first], []):
        command = ("set", *wanted) if wanted else ("clear",)
        (result,) = outcomes(bed, "mirror", *command, host.target, "--yes").values()
        assert mirrors(host) == [f"{url}/" for url in wanted]
        assert result["registry_mirrors"] == wanted
        assert container() == before
        assert host.sh("systemctl show -p MainPID docker").stdout == daemon
    text = host.read(CONFIG)
    assert '"shutdown-timeout":   9,\n\t"labels": ["kept=yes"]' in text
    assert host.sh(f"stat -c %a {CONFIG}").stdout == "600\n"


def test_a_pull_is_proven_to_come_through_the_mirror(host, bed):
    first, dead = bed.mirrors[0], bed.dead_mirror
    pulls = first.pulls(host)
    before = host.sh(f"cat {CONFIG}", check=False).stdout
    (result,) = outcomes(
        bed, "mirror", "set", dead, first.url, host.target, "--yes", "--force", "--proof", "hello-world"
    ).values()
    (proof,) = (check for check in result["checks"] if check["name"] == "proof")
    assert proof["passed"]
    assert f"came from {first.url}" in proof["detail"]
    assert dead in proof["detail"]
    assert first.pulls(host) > pulls
    assert "Hello from Docker!" in host.sh("docker run --rm --network none hello-world").stdout
    assert host.sh("docker info -f '{{.Debug}}'").stdout == "false\n"
    assert "debug" not in host.read(CONFIG), before


def test_a_mirror_that_does_not_serve_is_no_success(host, bed):
    done = provisioner(bed, "mirror", "set", bed.dead_mirror, host.target, "--yes", "--force", "--proof", "hello-world")
    assert done.returncode == 7, done.stdout + done.stderr
    assert bed.dead_mirror in done.stdout


def test_a_broken_file_is_refused_with_its_place_and_stays(host, bed):
    broken = '{\n  "debug": true,\n}'
    before = mirrors(host)
    good = host.read(CONFIG)
    host.write(CONFIG, broken)
    done = provisioner(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
    assert done.returncode == 6
    assert f"{CONFIG}, line 3, column 1" in done.stdout
    assert host.read(CONFIG) == broken
    assert mirrors(host) == before
    host.write(CONFIG, good)


def test_what_the_daemon_refuses_is_rolled_back(host, bed, container):
    words = ("apply", "--daemon", "storage-driver=nosuch", host.target, "--yes")
    blocked = provisioner(bed, *words)
    assert blocked.returncode == 8, blocked.stdout + blocked.stderr
    assert "--allow-restart" in blocked.stdout
    assert host.read(CONFIG) == ODD
    (result,) = outcomes(bed, *words, "--allow-restart", status=6).values()
    assert result["status"] == "rolled_back"
    assert "nosuch" in result["error"]["message"]
    assert host.read(CONFIG) == ODD
    assert host.sh("docker version -f '{{.Server.Version}}'").stdout.strip()
    assert host.sh("systemctl is-active docker").stdout == "active\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\ufeff{}", id="byte order mark"),
        pytest.param("{}", id="empty object"),
    ],
)
def test_files_that_say_nothing_are_handled(host, bed, text):
    host.write(CONFIG, text)
    outcomes(bed, "mirror", "set", bed.mirrors[1].url, host.target, "--yes")
    assert mirrors(host) == [f"{bed.mirrors[1].url}/"]
    host.sh("systemctl reset-failed docker; systemctl restart docker")
    assert mirrors(host) == [f"{bed.mirrors[1].url}/"]


def test_a_symlink_stays_a_symlink(host, bed):
    host.sh(f"mkdir -p /srv/conf; mv {CONFIG} /srv/conf/daemon.json; ln -s /srv/conf/daemon.json {CONFIG}")
    outcomes(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
    assert mirrors(host) == [f"{bed.mirrors[0].url}/"]
    assert host.sh(f"readlink {CONFIG}").stdout == "/srv/conf/daemon.json\n"
    assert bed.mirrors[0].url in host.read("/srv/conf/daemon.json")
    host.sh(f"rm {CONFIG}; mv /srv/conf/daemon.json {CONFIG}")


def test_a_full_disk_loses_nothing(host, bed):
    # A file system of its own that has no room left, mounted where the configuration is.
    host.sh(
        f"cp {CONFIG} /root/saved.json; mount -t tmpfs -o size=64k none /etc/docker; cp /root/saved.json {CONFIG};"
        "dd if=/dev/zero of=/etc/docker/filler bs=4k count=64 2>/dev/null || :"
    )
    before, shown = host.read(CONFIG), mirrors(host)
    done = provisioner(bed, "mirror", "set", bed.mirrors[1].url, host.target, "--yes")
    assert done.returncode == 6, done.stdout + done.stderr
    assert "no room" in done.stdout or "No space left" in done.stdout
    assert host.read(CONFIG) == before
    assert mirrors(host) == shown
    assert host.sh("ls -A /etc/docker | grep -c provisioner", check=False).stdout == "0\n"
    host.sh("umount /etc/docker")
