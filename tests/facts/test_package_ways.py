"""The proxies of a package manager, as facts: which of them take a connection."""

from __future__ import annotations

import os
import socket
import subprocess

import pytest

from provisioner.facts.frames import frames
from provisioner.facts.package_ways import Way, package_ways
from provisioner.scripts.render import template_text
from tests.machine import needs
from tests.scripts.shells import SHELLS

DEAD = "127.0.0.1:9"
LISTS = {
    "apt/sources.list": "deb [arch=amd64] http://archive.example/debian trixie main\n# deb http://off.example x main\n",
    "apt/sources.list.d/a.sources": "Types: deb\nURIs: https://me:secret@own.example/x\nSuites: stable\n",
    "apt/sources.list.d/b.list": "deb file:/srv/packages ./\ndeb cdrom:[Debian]/ trixie main\n",
}


@pytest.fixture
def alive():
    """The address of a proxy that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def ways(shell, tmp_path, manager, files, *, environment=None, asked=""):
    needs("bash")
    for path, text in {"apt/apt.conf.d/none": "", "yum.repos.d/none.repo": "", **files}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    functions = template_text("facts.sh").split("{%")[0].split("operating_system() {")[0]
    script = (functions + template_text("facts_proxies.sh")).replace("/etc/", f"{tmp_path}/")
    configuration = tmp_path / "bin" / "apt-config"
    configuration.parent.mkdir()
    configuration.write_text(f"#!/bin/sh\ncat {tmp_path}/apt/apt.conf.d/*\n")
    configuration.chmod(0o755)
    run = f"manager={manager} asked_sources='{asked}'\n{script}\npackage_proxies\nprintf '\\n@@n done 0\\n'\n"
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [*SHELLS[shell], "-s", "n"], input=run, capture_output=True, text=True, check=True,
        env={**clean, "PATH": f"{configuration.parent}:{clean['PATH']}", **(environment or {})},
    )  # fmt: skip
    assert done.stderr == ""
    assert "secret" not in done.stdout
    told = {frame.name: frame.body.replace(str(tmp_path), "/etc") for frame in frames(done.stdout, "n")}
    return package_ways(told["ways"]) if "ways" in told else None


@pytest.mark.parametrize("shell", SHELLS)
def test_a_proxy_of_apt_that_takes_no_connection_is_named_for_each_place_it_leads_to(shell, tmp_path):
    conf = {
        "apt/apt.conf.d/90corp": f'\nAcquire::http::Proxy "http://me:secret@{DEAD}/";\nAcquire::https::Proxy "DIRECT";\n'
    }
    found = ways(shell, tmp_path, "apt", {**LISTS, **conf}, asked="http://asked.example")
    where = "/etc/apt/apt.conf.d/90corp:2"
    assert found == (
        Way("cdrom:"),
        Way("file:"),
        Way("http://archive.example", proxy=DEAD, where=where, why="Connection refused"),
        Way("https://own.example"),
        Way("http://asked.example", listed=False, proxy=DEAD, where=where, why="Connection refused"),
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_one_that_takes_connections_is_nothing_to_tell(shell, tmp_path, alive):
    conf = {"apt/apt.conf.d/90corp": f'Acquire::http::Proxy "http://{alive}";\n'}
    found = ways(shell, tmp_path, "apt", {**LISTS, **conf})
    assert {way.why for way in found or ()} == {""}


def test_the_proxy_of_one_host_is_of_that_host_alone(tmp_path):
    conf = {"apt/apt.conf.d/90corp": f'Acquire::http::Proxy::archive.example "http://{DEAD}";\n'}
    found = ways("dash", tmp_path, "apt", {**LISTS, **conf}, asked="http://other.example")
    assert [way.uri for way in found or () if way.why] == ["http://archive.example"]


@pytest.mark.parametrize("shell", SHELLS)
def test_dnf_has_one_proxy_for_all_but_repositories_with_their_own(shell, tmp_path):
    files = {
        "dnf/dnf.conf": f"[main]\nproxy=http://{DEAD}\n",
        "yum.repos.d/a.repo": "[a]\nbaseurl=https://a.example/$releasever/\n",
        "yum.repos.d/b.repo": "[b]\nbaseurl=https://b.example/\nproxy=_none_\n",
    }
    found = ways(shell, tmp_path, "dnf", files, asked="https://asked.example")
    where = "/etc/dnf/dnf.conf:2"
    assert found == (
        Way("https://a.example", proxy=DEAD, where=where, why="Connection refused"),
        Way("https://asked.example", listed=False, proxy=DEAD, where=where, why="Connection refused"),
    )


def test_the_environment_counts_where_the_manager_says_nothing(tmp_path):
    found = ways("dash", tmp_path, "apt", LISTS, environment={"http_proxy": f"http://{DEAD}"})
    assert [(way.uri, way.where, way.why) for way in found or () if way.why] == [
        ("http://archive.example", "", "Connection refused")
    ]
    named = {"http_proxy": f"http://{DEAD}", "no_proxy": "archive.example"}
    (tmp_path / "other").mkdir()
    assert not any(way.why for way in ways("dash", tmp_path / "other", "apt", LISTS, environment=named) or ())


def test_without_a_proxy_there_is_nothing_to_look_at(tmp_path):
    assert ways("dash", tmp_path, "apt", LISTS) is None


def test_a_name_that_is_not_found_is_said(tmp_path):
    conf = {"apt/apt.conf.d/90corp": 'Acquire::http::Proxy "http://proxy.invalid:3128";\n'}
    found = ways("dash", tmp_path, "apt", {**LISTS, **conf})
    assert "its name is not found" in {way.why for way in found or ()}
