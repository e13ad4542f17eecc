from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.host_files.host_file import HostFile
from provisioner.sources.leftovers import leftovers, old_keys
from tests.hosts import BARE

OURS = "/etc/apt/sources.list.d/docker.sources"
DOCKER = (
    "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.gpg] https://download.docker.com/linux/ubuntu noble stable\n"
)


def found(path, text, ours=OURS):
    return leftovers(replace(BARE, source_files=(HostFile(path, text),)), ours)


@pytest.mark.parametrize(
    "path",
    ["/etc/apt/sources.list.d/docker.list", "/etc/apt/sources.list.d/download_docker_com_linux_ubuntu.list"],
)
def test_a_list_with_docker_alone_is_removed_whatever_its_name(path):
    assert found(path, f"# added by a guide\n{DOCKER}") == ({}, (path,))


def test_other_lines_of_a_list_stay():
    mine = "deb http://archive.example/ubuntu noble main universe\n"
    path = "/etc/apt/sources.list.d/mine.list"
    assert found(path, mine + DOCKER) == ({path: mine}, ())


def test_the_main_list_is_never_removed():
    assert found("/etc/apt/sources.list", DOCKER) == ({"/etc/apt/sources.list": ""}, ())


@pytest.mark.parametrize(
    "line",
    [
        "deb http://ftp.example/linux/ubuntu noble main restricted\n",
        "deb http://ftp.example/linux/debian/ bookworm main\n",
        "# deb https://download.docker.com/linux/ubuntu noble stable\n",
        "deb https://packages.example/docker-tools/ stable main\n",
    ],
)
def test_what_is_not_a_docker_source_stays(line):
    assert found("/etc/apt/sources.list.d/a.list", line) == ({}, ())


def test_a_stanza_is_taken_out_of_a_deb822_file():
    ubuntu = "Types: deb\nURIs: http://archive.example/ubuntu\nSuites: noble\nComponents: main\n"
    docker = "Types: deb\nURIs: https://mirrors.aliyun.com/docker-ce/linux/ubuntu\nSuites: noble\nComponents: stable\n"
    path = "/etc/apt/sources.list.d/mixed.sources"
    rewrite, remove = found(path, f"{ubuntu}\n{docker}")
    assert (rewrite[path].strip(), remove) == (ubuntu.strip(), ())
    assert found(path, docker) == ({}, (path,))


def test_our_own_file_is_left_to_the_step_that_writes_it():
    assert found(OURS, "Types: deb\nURIs: https://download.docker.com/linux/ubuntu\nComponents: stable\n") == ({}, ())


def test_sections_of_a_repo_file_named_otherwise_go():
    docker = "[docker-ce-stable]\nname=Docker\nbaseurl=https://download.docker.com/linux/centos/$releasever/x/stable\n"
    mine = "[mine]\nbaseurl=http://packages.example/el9\n"
    ours = "/etc/yum.repos.d/docker-ce.repo"
    assert found("/etc/yum.repos.d/docker.repo", docker, ours) == ({}, ("/etc/yum.repos.d/docker.repo",))
    rewrite, _ = found("/etc/yum.repos.d/all.repo", mine + docker, ours)
    assert rewrite == {"/etc/yum.repos.d/all.repo": mine}


def test_keys_of_older_guides_are_found():
    facts = replace(BARE, binary_keys=("/etc/apt/keyrings/docker.gpg", "/etc/apt/keyrings/other.gpg"))
    assert old_keys(facts, "/etc/apt/keyrings/docker.asc") == ("/etc/apt/keyrings/docker.gpg",)
