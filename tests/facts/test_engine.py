"""The frames about the engine -> Engine, and what is said of where it comes from."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from provisioner.facts.engine import engine
from provisioner.facts.engine_origin import origin, way_to_a_package
from provisioner.facts.frames import Frame
from provisioner.facts.other_dockerd import OtherDockerd
from provisioner.facts.parse import _id_of, _units
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_unit import Unit
from tests.hosts import BARE, RUNNING

CONFIG = "/etc/docker/daemon.json"
INFO = {"ServerVersion": "26.1.5", "RegistryConfig": {"Mirrors": ["https://a/"]}, "Labels": None}


def read(**frames):
    single = {"dockerd": "/usr/bin/dockerd", **{name.replace("_", "-"): body for name, body in frames.items()}}
    return engine(single, CONFIG)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param({}, id="nothing besides"),
        pytest.param({"docker_info_errors": "WARNING: Error loading config file: /root/.docker\n"}, id="a warning"),
        pytest.param({"docker_info_errors": '{"odd": "warning"}'}, id="a warning that looks like an answer"),
    ],
)
def test_what_the_client_says_besides_is_not_the_engines_answer(frames):
    found = read(docker_info=json.dumps(INFO), docker_info_status="0", **frames)
    assert (found.info.mirrors, found.error) == (("https://a",), "")


def test_why_an_engine_does_not_answer_is_in_the_words_of_its_client():
    said = "permission denied while trying to connect to the Docker daemon socket"
    assert read(docker_info="", docker_info_errors=said, docker_info_status="1").error == said
    assert read(docker_info="", docker_info_status="124").error == "docker info does not answer: no word within 20 s"
    missing = read(docker_info="", docker_info_status="127", docker="")
    assert missing.error == "there is no docker client, and neither curl, python, perl nor socat that could ask instead"


def test_an_engine_without_its_client_is_asked_by_another_program():
    found = read(docker="", docker_info=json.dumps(INFO), docker_info_by="curl", docker_info_status="0")
    assert (found.info.version, found.asked, found.client_version) == ("26.1.5", "curl", "")


@pytest.mark.parametrize(
    ("document", "field", "value"),
    [
        ({"RegistryConfig": None}, "mirrors", ()),
        ({"RegistryConfig": []}, "mirrors", ()),
        ({"RegistryConfig": {"Mirrors": "https://a"}}, "mirrors", ()),
        ({"RegistryConfig": {"Mirrors": [None, 5, "https://a/"]}}, "mirrors", ("https://a",)),
        ({"RegistryConfig": {"IndexConfigs": [1], "InsecureRegistryCIDRs": {"a": 1}}}, "insecure_registries", ()),
        ({"RegistryConfig": {"IndexConfigs": {"r": 5, "s": {"Secure": False}}}}, "insecure_registries", ("s",)),
        ({"ContainersRunning": "many"}, "containers_running", 0),
        ({"ContainersRunning": 10**400}, "containers_running", 10**400),
        ({"DriverStatus": 7, "Warnings": 7, "ClientInfo": 7}, "warnings", ()),
    ],
)
def test_odd_answers_are_read_as_far_as_they_go(document, field, value):
    assert getattr(read(docker_info=json.dumps({**INFO, **document})).info, field) == value


def test_another_dockerd_is_read():
    body = "77\n/opt/d/dockerd\nsecond.service\n/run/a.sock /run/b.sock\n/opt/d/dockerd\n-H\nunix:///run/a.sock"
    (other,) = engine({"dockerd": ""}, CONFIG, [Frame("other-dockerd", body)]).others
    assert other == OtherDockerd(
        77,
        "/opt/d/dockerd",
        "second.service",
        ("/run/a.sock", "/run/b.sock"),
        ("/opt/d/dockerd", "-H", "unix:///run/a.sock"),
    )
    assert str(other) == "/opt/d/dockerd (pid 77, second.service) at /run/a.sock /run/b.sock"


def test_a_unit_is_known_by_the_name_that_it_really_has():
    body = (
        "Id=docker-engine.service\nNames=docker.service docker-engine.service\nLoadState=loaded\n"
        "FragmentPath=/usr/lib/systemd/system/docker-engine.service\nDropInPaths=\n\nId=docker.socket\nNames=docker.socket\n"
    )
    file = HostFile("/usr/lib/systemd/system/docker-engine.service", "[Service]\nExecStart=dockerd\n")
    assert _id_of("docker.service", body) == "docker-engine.service"
    assert _id_of("other.service", body) == "other.service"
    assert _units(body, (file,))["docker-engine.service"].files == (file,)


UNIT = Unit(
    "docker.service",
    "loaded",
    "active",
    "enabled",
    files=(
        HostFile("/etc/systemd/system/docker.service.d/a.conf", ""),
        HostFile("/etc/systemd/system/docker.service", ""),
    ),
)


def of(**changes):
    return replace(
        RUNNING,
        units={"docker.service": UNIT},
        engine=replace(RUNNING.engine, dockerd="/usr/local/bin/dockerd", **changes),
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (BARE, ""),
        (of(package="docker.io"), "/usr/local/bin/dockerd, package docker.io, started by /etc/systemd/system/docker.service"),
        (of(package=""), "/usr/local/bin/dockerd, from no package, started by /etc/systemd/system/docker.service"),
        (of(package=None), "/usr/local/bin/dockerd, started by /etc/systemd/system/docker.service"),
        (of(package="", by_hand=True), "/usr/local/bin/dockerd, from no package, pid 99 was not started by docker.service"),
    ],
)  # fmt: skip
def test_where_an_engine_comes_from(facts, said):
    assert origin(facts) == said


def test_an_engine_that_no_package_brought_is_taken_away_by_these_commands():
    way = way_to_a_package(of(package=""))
    assert way.startswith("systemctl disable --now docker.socket docker.service; ")
    assert "cd /usr/local/bin && mv dockerd docker " in way
    assert way.endswith("mv /etc/systemd/system/docker.service /root/docker-before/; systemctl daemon-reload")
    by_hand = way_to_a_package(replace(of(package=""), init="none", units={}))
    assert by_hand.startswith("kill 99; mkdir -p ")


def test_an_empty_document_of_a_client_is_no_reason():
    empty = json.dumps({"ServerVersion": "", "Warnings": None, "ClientInfo": {"Version": "28.5.2"}})
    said = "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock"
    assert read(docker_info=empty, docker_info_errors=f"{said}\n", docker_info_status="1").error == said
    assert read(docker_info=empty, docker_info_status="1").error == "docker info ended with 1"
