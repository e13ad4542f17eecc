"""DOCKER_OPTS of a real sysvinit host: only its mirrors change, and the engine restarts with everything else."""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e
FILE = "/etc/default/docker"
OLD = "https://old.example"
TEXT = f"""# Options of this site; "quotes" and $(things) in comments mean nothing.
#DOCKER_OPTS="--dns 8.8.8.8 --registry-mirror=https://comment.example"
SITE='a "quoted" word'
export http_proxy=""

DOCKER_OPTS="--label=kept=yes \\
  --log-level=info --registry-mirror {OLD}" # as the vendor wants it
DOCKER_OPTS="$DOCKER_OPTS --shutdown-timeout=9"
"""


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("ubuntu-14.04-lookalike-engine")
    running.write(FILE, TEXT)
    running.sh(
        "service docker stop; sleep 1; service docker start; for i in 1 2 3 4 5 6 7 8 9; do docker info >/dev/null 2>&1 && break; sleep 1; done"
    )
    yield running
    running.stop()


def options(host):
    words = host.sh("tr '\\0' '\\n' </proc/$(cat /var/run/docker.pid)/cmdline").stdout.split("\n")
    return [word for word in words if word and "mirror" not in word and "//" not in word]


def mirrors(host):
    return json.loads(host.sh("docker info -f '{{json .RegistryConfig.Mirrors}}'").stdout) or []


def test_only_the_mirrors_change(host, bed):
    first, second = (mirror.url for mirror in bed.mirrors)
    before, text = options(host), host.read(FILE)
    assert {"--label=kept=yes", "--log-level=info", "--shutdown-timeout=9"} <= set(before)
    assert mirrors(host) == [f"{OLD}/"]
    for words, expected in (
        (("add", first), [OLD, first]),
        (("remove", OLD), [first]),
        (("set", second, first), [second, first]),
        (("clear",), []),
    ):
        outcomes(bed, "mirror", *words, host.target, "--yes")
        assert mirrors(host) == [f"{url}/" for url in expected], words
        assert options(host) == before
        now = host.read(FILE)
        assert now.splitlines()[:4] == text.splitlines()[:4]
        assert "# as the vendor wants it" in now
        assert '"--label=kept=yes \\\n  --log-level=info' in now
    assert "old.example" not in host.read(FILE)
    status = provisioner(bed, "mirror", "status", host.target)
    assert status.returncode == 0, status.stdout


def test_the_same_mirrors_again_change_nothing(host, bed):
    first = bed.mirrors[0].url
    outcomes(bed, "mirror", "set", first, host.target, "--yes")
    text, pid = host.read(FILE), host.sh("cat /var/run/docker.pid").stdout
    (result,) = outcomes(bed, "mirror", "set", f"{first}/", host.target, "--yes").values()
    assert result["status"] == "converged"
    assert (host.read(FILE), host.sh("cat /var/run/docker.pid").stdout) == (text, pid)
