"""What stands in daemon.json is judged too: odd types, mirrors that are none, values that the next engine has lost."""

from __future__ import annotations

import json

import pytest

from tests.e2e import engine_states as states
from tests.e2e.command_line import outcomes, provisioner
from tests.e2e.engine_ages import ALL, NEW, NEWEST, OLD

pytestmark = pytest.mark.e2e
URL = "https://docker.m.daocloud.io"


@pytest.mark.parametrize(
    ("engine", "runs"),
    [
        (OLD, False),
        pytest.param(NEW, False, marks=pytest.mark.matrix),
        pytest.param(NEW, True, marks=pytest.mark.matrix),
        (NEWEST, True),
    ],
)
def test_mirrors_as_string(on, bed, engine, runs):
    host, mirror = on(engine), bed.mirrors[0].url
    states.start(host, config="{}")
    if not runs:
        states.stop(host)
    text = json.dumps({"data-root": "/var/lib/docker", "registry-mirrors": URL})
    host.write(states.CONFIG, text)
    said = f'registry-mirrors must be a list of strings, not a string: write ["{URL}"]'
    status = provisioner(bed, "mirror", "status", host.target)
    assert (status.returncode, said in status.stdout) == (9, True), status.stdout
    for words in (("add", mirror), ("remove", mirror)):
        done = provisioner(bed, "mirror", *words, host.target, "--yes")
        assert (done.returncode, said in done.stdout) == (6, True), done.stdout
    assert host.read(states.CONFIG) == text
    outcomes(bed, "mirror", "set", mirror, host.target, "--yes")
    assert runs or states.starts(host)
    assert states.mirrors(host) == [f"{mirror}/"]


def test_a_mirror_without_scheme_is_taken_out_by_its_text(on, bed):
    host, mirror = on(NEW), bed.mirrors[0].url
    states.start(host, config="{}")
    host.write(states.CONFIG, json.dumps({"registry-mirrors": ["docker.mirrors.ustc.edu.cn", mirror]}))
    done = provisioner(bed, "mirror", "add", URL, host.target, "--yes")
    assert done.returncode == 6, done.stdout
    assert "'docker.mirrors.ustc.edu.cn' has no scheme" in done.stdout
    outcomes(bed, "mirror", "remove", "--exact", "docker.mirrors.ustc.edu.cn", host.target, "--yes")
    assert json.loads(host.read(states.CONFIG)) == {"registry-mirrors": [mirror]}
    assert states.mirrors(host) == [f"{mirror}/"]


@pytest.mark.parametrize("engine", ALL)
def test_insecure_registries_normalised(on, bed, engine):
    host = on(engine)
    config = {
        "registry-mirrors": [URL, f"{URL}/"],
        "insecure-registries": ["http://192.168.8.197:5000", "10.20.0.5/16", "127.0.0.0/8"],
        "labels": ["b=1", "a=2", "c=3"],
    }
    states.start(host, config=config)
    outcomes(bed, "status", host.target)
    words = ("--insecure-registry", "10.20.0.5/16", "--insecure-registry", "192.168.8.197:5000")
    wanted = (*words, "--registry-mirror", URL, "--daemon", 'labels=["a=2","c=3","b=1"]')
    (result,) = outcomes(bed, "apply", host.target, "--yes", *wanted).values()
    assert result["status"] == "converged"
    (result,) = outcomes(bed, "apply", host.target, "--yes", "--insecure-registry", "10.30.0.5/16").values()
    assert result["status"] == "changed"
    outcomes(bed, "status", host.target, "--insecure-registry", "10.30.0.0/16", "--insecure-registry", "::1/128")


@pytest.mark.parametrize("engine", ALL)
def test_applying_what_an_engine_shows_changes_nothing(on, bed, engine):
    host = on(engine)
    for config in (
        {},
        {"registry-mirrors": [URL, f"{URL}/", bed.mirrors[0].url], "debug": None, "log-driver": ""},
        {"debug": True, "live-restore": True, "log-driver": "local", "default-runtime": "runc"},
        {"insecure-registries": ["HTTPS://Reg.Example:5000", "fd00::5/64"], "labels": ["é=<b>&\"'", "z="]},
    ):
        states.start(host, config=config)
        info = json.loads(host.sh("docker info -f '{{json .}}'").stdout)
        registries = info["RegistryConfig"]
        shown = {
            "labels": info["Labels"] or [],
            "debug": info["Debug"],
            "live-restore": info["LiveRestoreEnabled"],
            "log-driver": info["LoggingDriver"],
            "storage-driver": info["Driver"],
            "default-runtime": info["DefaultRuntime"],
        }
        insecure = [name for name, index in registries["IndexConfigs"].items() if not index["Secure"]]
        words = [word for key, value in shown.items() for word in ("--daemon", f"{key}={json.dumps(value)}")]
        for mirror in registries["Mirrors"] or ():
            words += ["--registry-mirror", mirror]
        for registry in (*insecure, *registries["InsecureRegistryCIDRs"]):
            words += ["--insecure-registry", registry]
        (result,) = outcomes(bed, "apply", host.target, "--yes", *words).values()
        assert result["status"] == "converged", (engine, config, result["steps"])


@pytest.mark.timeout(600)
def test_upgrade_with_removed_storage_option(bed, start_host):
    host = start_host("ubuntu-24.04-lookalike")
    source = ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)
    words = ("apply", *source, "--registry-mirror", bed.mirrors[0].url, host.target, "--yes")
    outcomes(bed, *words, "--docker-version", "20.10.24")
    host.sh("docker run -d --name web --network none busybox sleep 9999")
    good = json.loads(host.read(states.CONFIG))

    def state():
        return host.sh("docker version -f '{{.Server.Version}}'; docker inspect -f '{{.State.Pid}}' web").stdout

    gone = {**good, "storage-driver": "overlay2", "storage-opts": ["overlay2.override_kernel_check=true"]}
    host.write(states.CONFIG, json.dumps(gone))
    host.sh("systemctl restart docker; docker start web")
    before = state()
    assert before.startswith("20.10.24")
    for command in ("plan", "apply"):
        words = (command, *source, host.target, "--docker-version", "26.1")
        done = provisioner(bed, *words, *(("--yes", "--allow-restart") if command == "apply" else ()))
        assert done.returncode == 6, done.stdout
        assert (
            "would not start with /etc/docker/daemon.json: overlay2.override_kernel_check in storage-opts"
            in done.stdout
        )
        assert state() == before
    # What no table knows the new engine says itself, before the one that runs is stopped.
    host.write(states.CONFIG, json.dumps({**good, "labels": ["novalue"]}))
    done = provisioner(bed, *words, "--yes", "--allow-restart")
    assert done.returncode == 6, done.stdout
    assert "the new engine refuses /etc/docker/daemon.json; the earlier one runs on" in done.stdout
    assert "novalue" in done.stdout
    assert state() == before
    host.write(states.CONFIG, json.dumps(good))
    outcomes(bed, *words, "--yes", "--allow-restart")
    assert state().startswith("26.1.5")
