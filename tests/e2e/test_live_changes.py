"""What a change of mirrors leaves alone and what it brings back: 20.10, 26.1 and 28.5 on systemd."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.e2e.command_line import outcomes, provisioner
from tests.e2e.engine_ages import ALL
from tests.machine import needs

pytestmark = pytest.mark.e2e
CONFIG = "/etc/docker/daemon.json"
ECHO = r"""exec 3<>"/dev/tcp/$1/9000"; while read -r line; do echo "$line" >&3; read -r back <&3; echo "$back"; done"""


@pytest.fixture(scope="module", params=ALL)
def host(request, bed):
    running = bed.start(request.param)
    running.write(CONFIG, json.dumps({"registry-mirrors": [bed.mirrors[0].url]}))
    running.sh("systemctl reload docker; sleep 1; docker pull -q busybox")
    yield running
    running.stop()


def mirrors(host):
    return json.loads(host.sh("docker info -f '{{json .RegistryConfig.Mirrors}}'").stdout) or []


@pytest.fixture
def connection(host):
    """A TCP connection from the host into a container, open until the end: a function that sends a line and reads it."""
    host.sh("docker run -d --name echo busybox /bin/busybox nc -l -p 9000 -e /bin/busybox cat")
    address = host.sh("docker inspect -f '{{.NetworkSettings.IPAddress}}' echo").stdout.strip()
    client = subprocess.Popen(
        ["docker", "exec", "-i", host.name, "bash", "-c", ECHO, "-", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def said(line):
        client.stdin.write(f"{line}\n")
        client.stdin.flush()
        timer = threading.Timer(20, client.kill)
        timer.start()
        try:
            return client.stdout.readline().strip()
        finally:
            timer.cancel()

    assert said("hello") == "hello"
    yield said
    client.stdin.close()
    client.stdout.close()
    client.kill()
    client.wait()
    host.sh("docker rm -f echo")


def test_a_connection_into_a_container_outlives_every_change(host, bed, connection):
    first, second = (mirror.url for mirror in bed.mirrors)
    before = host.sh("docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' echo").stdout
    for words, expected in (
        (("set", second), [second]),
        (("add", first), [second, first]),
        (("add", "--first", bed.dead_mirror, "--force"), [bed.dead_mirror, second, first]),
        (("remove", second), [bed.dead_mirror, first]),
        (("clear",), []),
    ):
        outcomes(bed, "mirror", *words, host.target, "--yes")
        assert mirrors(host) == [f"{url}/" for url in expected], words
        assert connection(words[0]) == words[0]
        assert host.sh("docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' echo").stdout == before


def test_the_cost_of_a_dead_mirror_is_shown(host, bed):
    words = (
        "mirror",
        "set",
        bed.dead_mirror,
        bed.mirrors[1].url,
        host.target,
        "--yes",
        "--force",
        "--proof",
        "hello-world",
    )
    (result,) = outcomes(bed, *words).values()
    (proof,) = (check for check in result["checks"] if check["name"] == "proof")
    assert f"came from {bed.mirrors[1].url}" in proof["detail"]
    assert "s lost)" in proof["detail"], proof
    status = provisioner(bed, "mirror", "status", host.target, "--proof", "hello-world")
    assert status.returncode == 0, status.stdout + status.stderr
    assert f"came from {bed.mirrors[1].url}" in status.stdout


def test_after_a_refused_reload_the_mirrors_are_those_of_before(host, bed):
    first, second = (mirror.url for mirror in bed.mirrors)
    outcomes(bed, "mirror", "set", first, host.target, "--yes")
    before = host.read(CONFIG)
    # A label needs a value; engines from 23.0 on are asked beforehand, and 20.10 refuses it when it reloads.
    words = ("apply", "--daemon", 'labels=["novalue"]', "--registry-mirror", second, host.target, "--yes")
    (result,) = outcomes(bed, *words, status=6).values()
    expected = "rolled_back" if host.recipe.engine.startswith("20.10") else "failed"
    assert result["status"] == expected, result["error"]
    assert "novalue" in result["error"]["message"]
    assert mirrors(host) == [f"{first}/"]
    assert host.read(CONFIG) == before
    host.sh("systemctl reset-failed docker docker.socket; systemctl restart docker")
    assert mirrors(host) == [f"{first}/"]


def give_chattr(host):
    """The commands are essential on servers, and left out of minimal images: this machine's are lent."""
    needs("chattr", "ldd", "lsattr")
    for tool in ("chattr", "lsattr"):
        program = shutil.which(tool)
        linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for path in (program, *re.findall(r"=> (\S*lib(?:e2p|com_err)\S*)", linked)):
            real = str(Path(path).resolve())
            subprocess.run(["docker", "cp", real, f"{host.name}:{path}"], capture_output=True, check=True)


def test_an_immutable_file_is_refused_and_stays(host, bed):
    before = host.read(CONFIG)
    give_chattr(host)
    # tmpfs knows the attribute, which overlayfs does not.
    host.sh(
        f"cp {CONFIG} /root/kept && mount -t tmpfs none /etc/docker && cp /root/kept {CONFIG} && chattr +i {CONFIG}"
    )
    done = provisioner(bed, "mirror", "set", bed.dead_mirror, host.target, "--yes", "--force")
    after = host.read(CONFIG)
    host.sh(f"chattr -i {CONFIG}; umount /etc/docker")
    assert done.returncode == 6, done.stdout + done.stderr
    assert "immutable" in done.stdout
    assert f"chattr -i {CONFIG}" in done.stdout
    assert after == before
