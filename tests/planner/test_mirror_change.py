"""mirror add and mirror remove: what becomes of the list that a host has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from provisioner.facts.configured_mirrors import configured
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.planner.mirror_change import resolved
from provisioner.planner.planner import plan
from provisioner.wanted.spec import Spec
from tests.options_of_dockerd import PACKAGED, drop_in, host

A, B, C = "https://a", "https://b", "https://c"


def with_file(text, **more):
    return replace(host(PACKAGED, **more), daemon_json=HostFile("/etc/docker/daemon.json", text))


def change(**how):
    return Spec(mirror_change=how, install=False)


@pytest.mark.parametrize(
    ("facts", "urls", "by"),
    [
        pytest.param(with_file('{"registry-mirrors": ["https://a/"]}'), (A,), "/etc/docker/daemon.json", id="file"),
        pytest.param(with_file('{"registry-mirrors": []}', mirrors=(A,)), (), "/etc/docker/daemon.json", id="empty"),
        pytest.param(with_file("{}", mirrors=(A,)), (A,), "the engine", id="remembered"),
        pytest.param(
            host(init="sysvinit", options='DOCKER_OPTS="--registry-mirror=https://b/ -D"'),
            (B,),
            "/etc/default/docker",
            id="DOCKER_OPTS",
        ),
        pytest.param(
            host(PACKAGED, drop_in("ExecStart=dockerd --registry-mirror=https://a\n"), mirrors=(A,)),
            (A,),
            "/etc/systemd/system/docker.service.d/m.conf, line 3",
            id="option",
        ),
        pytest.param(host(PACKAGED), (), "", id="nothing"),
    ],
)
def test_what_a_host_has(facts, urls, by):
    assert (configured(Host.of(facts)).urls, configured(Host.of(facts)).by) == (urls, by)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param({"add": [C]}, (A, B, C), id="add"),
        pytest.param({"add": [C], "first": True}, (C, A, B), id="first"),
        pytest.param({"add": [f"{B}/"]}, (A, B), id="there already"),
        pytest.param({"add": [B], "first": True}, (A, B), id="there already, not moved"),
        pytest.param({"remove": [A]}, (B,), id="remove"),
        pytest.param({"remove": [C]}, (A, B), id="remove what is not there"),
        pytest.param({"remove": [A, B]}, (), id="remove all"),
    ],
)
def test_the_list_that_comes_of_it(how, expected):
    facts = with_file('{"registry-mirrors": ["https://a", "https://b"]}', mirrors=(A, B))
    assert resolved(Host.of(facts), change(**how)).registry_mirrors == expected
    planned = plan("h", Host.of(facts), (), change(**how))
    assert planned.empty == (expected == (A, B))


def test_asked_again_after_the_change_there_is_nothing_to_do():
    facts = with_file('{"registry-mirrors": ["https://b", "https://c"]}', mirrors=(B, C))
    for how in ({"add": [C]}, {"remove": [A]}, {"add": [B], "first": True}):
        assert plan("h", Host.of(facts), (), change(**how)).empty


def test_a_list_and_a_change_to_it_exclude_each_other():
    with pytest.raises(ValidationError, match="either the whole list or a change"):
        Spec(registry_mirrors=[A], mirror_change={"add": [B]})
