"""Engines that get their options from systemd's environment, running and stopped: no success, and then no start."""

from __future__ import annotations

import json

import pytest

from tests.e2e import engine_states as states
from tests.e2e.command_line import outcomes, provisioner
from tests.e2e.engine_ages import ALL, NEW, NEWEST, OLD

pytestmark = pytest.mark.e2e
OTHER = "https://docker.m.daocloud.io"
START = (
    "[Service]\n{}ExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock {}\n"
)
ENVIRONMENT = (
    '[Service]\nEnvironment="DOCKER_OPTS=--registry-mirror={} --insecure-registry=10.233.0.0/18 --label a=b \\\n'
    '--insecure-registry=192.168.0.99"\n'
)


def site(engine, name, *, text="", unit=None, options=None, files=None):
    return pytest.param(engine, {"unit": unit, "options": options, "files": files}, text, id=name)


SITES = [
    site(
        OLD,
        "envfile-unquoted",
        options=f"DOCKER_OPTS=--registry-mirror={OTHER} --label a=b\n",
        text="/etc/default/docker, line 1",
    ),
    site(
        NEW,
        "envfile-other-name",
        unit=START.format("EnvironmentFile=-/etc/default/docker-engine\n", "$DOCKER_MIRROR_OPTS"),
        files={"/etc/default/docker-engine": f'DOCKER_MIRROR_OPTS="--registry-mirror={OTHER} --label a=b"\n'},
        text="/etc/default/docker-engine, line 1",
    ),
    site(
        NEWEST,
        "a pattern of files",
        unit=START.format("EnvironmentFile=-/etc/docker/env.d/*.conf\n", "$MIRRORS $MORE"),
        files={
            "/etc/docker/env.d/1.conf": f"# first\nMIRRORS=--registry-mirror {OTHER}\n; no\nexport MORE=--registry-mirror=x\n",
            "/etc/docker/env.d/2.conf": "MORE=--label \\\n  a=b\n",
        },
        text="/etc/docker/env.d/1.conf, line 2",
    ),
    site(
        NEW,
        "environment-in-use",
        unit=ENVIRONMENT.format(OTHER),
        options="# nothing\n",
        text=f"{states.DROP_IN}, line 2",
    ),
]


def shown(host, key="RegistryConfig.Mirrors"):
    return json.loads(host.sh(f"docker info -f '{{{{json .{key}}}}}'").stdout) or []


@pytest.mark.parametrize(("engine", "state", "place"), SITES)
def test_an_option_of_systemds_environment(on, bed, engine, state, place):
    host, url = on(engine), bed.mirrors[0].url
    states.start(host, **state)
    assert shown(host) == [f"{OTHER}/"]
    status = provisioner(bed, "mirror", "status", host.target)
    assert (status.returncode, place in status.stdout) == (0, True), status.stdout
    for stopped in (False, True):
        if stopped:
            states.stop(host)
        done = provisioner(bed, "mirror", "set", url, host.target, "--yes")
        assert done.returncode == 6, done.stdout
        assert f"{place} gives --registry-mirror" in done.stdout
        assert "--take-over" in done.stdout
    # The engine is stopped: the option moves, and the next start has what was wanted.
    outcomes(bed, "mirror", "set", url, host.target, "--yes", "--take-over")
    assert states.starts(host)
    assert (shown(host), shown(host, "Labels")) == ([f"{url}/"], ["a=b"])
    # And again with one that runs.
    states.start(host, **state, config="{}")
    outcomes(bed, "mirror", "set", url, host.target, "--yes", "--take-over", "--allow-restart")
    assert (shown(host), shown(host, "Labels")) == ([f"{url}/"], ["a=b"])
    assert provisioner(bed, "mirror", "status", host.target).returncode == 0


@pytest.mark.parametrize("engine", ALL)
def test_what_is_refused_by_a_running_engine_is_refused_by_a_stopped_one(on, bed, engine):
    host, url = on(engine), bed.mirrors[0].url
    for config, state, said in (
        ({"labels": ["novalue"]}, {}, "bad attribute format: novalue"),
        ({"debug": True}, {"options": "DOCKER_OPTS=--debug\n"}, "gives --debug, and /etc/docker/daemon.json has debug"),
        ({"hosts": ["unix:///run/x.sock"]}, {}, "gives -H, and /etc/docker/daemon.json has hosts as well"),
        ({"registry-mirrors": OTHER}, {}, "must be a list of strings"),
        ({"mtu": "1500"}, {}, "mtu must be a whole number"),
        ({"log-opts": {"max-file": 3}}, {}, 'write "max-file": "3"'),
    ):
        states.start(host, config="{}")
        states.stop(host)
        for path, text in {states.CONFIG: json.dumps(config), "/etc/default/docker": state.get("options")}.items():
            if text is not None:
                host.write(path, text)
        before = host.read(states.CONFIG)
        done = provisioner(bed, "mirror", "add", url, host.target, "--yes")
        assert done.returncode == 6, (config, done.stdout)
        assert said in done.stdout, config
        assert host.read(states.CONFIG) == before
        assert not states.starts(host)
        states.reset(host)


@pytest.mark.parametrize("engine", ALL)
def test_mirrors_of_a_stopped_engine_are_there_at_its_next_start(on, bed, engine):
    host, url = on(engine), bed.mirrors[0].url
    states.start(host, config='{"labels": ["a=b"]}')
    states.stop(host)
    (result,) = outcomes(bed, "mirror", "set", url, host.target, "--yes").values()
    assert result["status"] == "changed"
    assert host.sh("systemctl is-active docker.socket docker.service", check=False).stdout == "inactive\ninactive\n"
    assert states.starts(host)
    assert shown(host) == [f"{url}/"]


@pytest.mark.parametrize(
    ("engine", "state", "said"),
    [
        pytest.param(
            NEW, {"unit": START.format("", "").replace("ExecStart=/usr/sbin/dockerd", "ExecStart=/bin/sh -c 'exec dockerd") + "'"},
            "ExecStart= of docker.service runs /bin/sh", id="a shell",
        ),
        pytest.param(
            NEWEST, {"unit": START.format("EnvironmentFile=-/run/flannel/docker\n", "$OPTS")},
            "/run/flannel/docker is made when the host starts", id="a file of the next boot",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_no_success(on, bed, engine, state, said):
    host = on(engine)
    state["unit"] = state["unit"].replace(" \n'", "'\n")
    states.start(host, **state)
    states.stop(host)
    done = provisioner(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
    assert done.returncode == 7, done.stdout
    assert f"whether it starts with this configuration is not known: {said}" in done.stdout
    failed = provisioner(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
    assert failed.returncode == 7, failed.stdout


def test_an_engine_that_has_failed_is_no_success(on, bed):
    host = on(NEWEST)
    host.write(states.CONFIG, '{"storage-driver": "nosuch"}')
    host.sh("systemctl restart docker; sleep 1; systemctl stop docker.socket", check=False)
    done = provisioner(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
    assert done.returncode == 7, done.stdout
    assert "docker.service is stopped, after it ended with exit-code" in done.stdout
