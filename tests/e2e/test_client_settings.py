"""What the client says, and what its account and its session tell it, is not the engine's answer: 20.10, 26.1, 28.5."""

from __future__ import annotations

import pytest

from tests.e2e import engine_states as states
from tests.e2e.command_line import outcomes
from tests.e2e.engine_ages import NEW, NEWEST, OLD

pytestmark = pytest.mark.e2e
CONFIG = "/root/.docker/config.json"
ENVIRONMENT = """DOCKER_HOST=tcp://192.0.2.1:2375
DOCKER_CONTENT_TRUST=1
DOCKER_CONFIG=/root/.docker/config.json
DOCKER_DEFAULT_PLATFORM=linux/nonsense
DOCKER_API_VERSION=1.1
DOCKER_CONTEXT=elsewhere
DOCKER_TLS_VERIFY=1
"""


SETTINGS = {
    "cut off": f"mkdir -p /root/.docker; printf '{{\"auths\": {{' >{CONFIG}",
    "a directory": f"mkdir -p {CONFIG}",
    "environment": f"cat >>/etc/environment <<'END'\n{ENVIRONMENT}END",
}
SHOWN = {("cut off", OLD), ("a directory", NEWEST), ("environment", NEW)}
"""Each of the settings and each of the engines; make matrix has all pairs."""


@pytest.mark.parametrize(
    ("settings", "engine"),
    [
        pytest.param(text, engine, id=f"{name}-{engine}", marks=[] if (name, engine) in SHOWN else pytest.mark.matrix)
        for engine in (OLD, NEW, NEWEST)
        for name, text in SETTINGS.items()
    ],
)
def test_client_config_broken(on, bed, engine, settings):
    host, url = on(engine), bed.mirrors[0].url
    host.sh(f"cp /etc/environment /root/environment 2>/dev/null || : >/root/environment; {settings}")
    try:
        words = ("mirror", "set", url, host.target, "--yes", "--proof", "hello-world")
        (result,) = outcomes(bed, *words).values()
        assert result["status"] == "changed"
        assert result["seconds"] < 60
        assert states.mirrors(host, "env -i PATH=$PATH docker --config /nonexistent") == [f"{url}/"]
        outcomes(bed, "status", host.target, "--registry-mirror", url)
    finally:
        host.sh("cp /root/environment /etc/environment")


def test_a_restart_is_not_taken_for_a_failure_either(on, bed):
    host, url = on(NEW), bed.mirrors[0].url
    states.start(host, options="DOCKER_OPTS='--registry-mirror=https://old.example'\n", files={CONFIG: '{"auths": {'})
    words = ("mirror", "set", url, host.target, "--yes", "--take-over", "--allow-restart")
    (result,) = outcomes(bed, *words).values()
    assert result["status"] == "changed"
    assert states.mirrors(host) == [f"{url}/"]
