"""Options of dockerd that say the same as daemon.json, and changes to a list of mirrors, on a real systemd host."""

from __future__ import annotations

import json
import time

import pytest

from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e
CONFIG = "/etc/docker/daemon.json"
DROP_IN = "/etc/systemd/system/docker.service.d/site.conf"
OTHER = "https://site.example"
TEXT = """# of this site
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// \\
    --containerd=/run/containerd/containerd.sock \\
    --registry-mirror={other} \\
    --label=kept=yes
LimitNOFILE=20000
"""


@pytest.fixture(scope="module", params=["debian-12-engine", "debian-13-engine"])
def host(request, bed):
    running = bed.start(request.param)
    running.write(DROP_IN, TEXT.format(other=OTHER))
    running.sh("systemctl daemon-reload; systemctl restart docker")
    yield running
    running.stop()


def mirrors(host):
    return json.loads(host.sh("docker info -f '{{json .RegistryConfig.Mirrors}}'").stdout) or []


def starts(host):
    log = host.sh("journalctl -q --no-pager -o cat -u docker.service").stdout
    return log.count("Daemon has completed initialization")


def status(host, bed, code=0):
    done = provisioner(bed, "mirror", "status", host.target, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)["hosts"][0]


def test_an_option_is_refused_with_its_place_and_moves_when_asked(host, bed):
    first = bed.mirrors[0].url
    before = starts(host)
    done = provisioner(bed, "mirror", "set", first, host.target, "--yes")
    assert done.returncode == 6
    assert f"{DROP_IN}, line 6 gives --registry-mirror" in done.stdout
    assert "--take-over" in done.stdout
    assert host.read(DROP_IN) == TEXT.format(other=OTHER)
    assert status(host, bed)["flags"] == [f"{DROP_IN}, line 6 gives --registry-mirror {OTHER}"]

    host.sh("docker info >/dev/null")
    (result,) = outcomes(bed, "mirror", "add", first, host.target, "--yes", "--take-over").values()
    assert result["registry_mirrors"] == [OTHER, first]
    assert mirrors(host) == [f"{OTHER}/", f"{first}/"]
    time.sleep(1)
    assert starts(host) == before + 1
    assert host.read(DROP_IN) == TEXT.format(other=OTHER).replace(f" \\\n    --registry-mirror={OTHER}", "")
    assert json.loads(host.read(CONFIG)) == {"registry-mirrors": [OTHER, first]}
    assert "kept=yes" in host.sh("docker info -f '{{json .Labels}}'").stdout
    host.sh("systemctl reset-failed docker; systemctl restart docker")
    assert mirrors(host) == [f"{OTHER}/", f"{first}/"]


def test_lists_change_by_what_the_host_has(host, bed):
    first, second = (mirror.url for mirror in bed.mirrors)
    daemon = host.sh("systemctl show -p MainPID docker").stdout
    for words, expected in (
        (("set", first), [first]),
        (("add", second), [first, second]),
        (("add", second), [first, second]),
        (("add", "--first", OTHER, "--force"), [OTHER, first, second]),
        (("remove", first), [OTHER, second]),
        (("remove", first), [OTHER, second]),
        (("clear",), []),
    ):
        outcomes(bed, "mirror", *words, host.target, "--yes")
        assert mirrors(host) == [f"{url}/" for url in expected], words
    said = provisioner(bed, "mirror", "remove", first, host.target, "--yes")
    assert f"{first} is not there" in said.stdout
    assert host.sh("systemctl show -p MainPID docker").stdout == daemon


def test_everything_comes_back_when_the_engine_does_not_start(host, bed):
    host.write(DROP_IN, TEXT.format(other=OTHER))
    host.write(CONFIG, "{}")
    host.sh("systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker")
    words = ("apply", "--daemon", "storage-driver=nosuch", "--registry-mirror", bed.mirrors[0].url, "--take-over")
    (result,) = outcomes(bed, *words, host.target, "--yes", "--allow-restart", status=6).values()
    assert result["status"] == "rolled_back", result
    assert host.read(DROP_IN) == TEXT.format(other=OTHER)
    assert host.read(CONFIG) == "{}"
    assert mirrors(host) == [f"{OTHER}/"]


def test_a_file_that_was_not_reloaded_is_a_difference(host, bed):
    host.sh(f"rm {DROP_IN}; systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker")
    host.write(CONFIG, '{"registry-mirrors": ["https://edited.example"]}')
    assert "it was not reloaded" in status(host, bed, 9)["error"]["message"]
    host.sh("systemctl reload docker; sleep 1")
    assert status(host, bed)["engine"] == ["https://edited.example"]
