from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import UnsupportedError
from provisioner.facts.host import Host
from provisioner.planner.intent import must_install
from provisioner.planner.planner import plan, questions
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, RUNNING, sample
from tests.offered import SCRIPT, script


def wanted(**more):
    return Spec(strategy="convenience-script", **more)


def run_step(facts=BARE, text=SCRIPT, **more):
    planned = plan("h", Host.of(facts), script(text), wanted(**more))
    return next(step for step in planned.steps if step.id == "packages")


@pytest.mark.parametrize(
    ("more", "arguments", "url"),
    [
        ({}, "--channel stable --no-autostart", ""),
        ({"source": "official"}, "--channel stable --no-autostart", ""),
        ({"source": "aliyun"}, "--channel stable --mirror Aliyun --no-autostart", ""),
        ({"source": "azure"}, "--channel stable --mirror AzureChinaCloud --no-autostart", ""),
        (
            {"source": "tuna", "channel": "test"},
            "--channel test --no-autostart",
            "https://mirrors.tuna.tsinghua.edu.cn/docker-ce",
        ),
        (
            {"source": "http://in.example/d", "version": "28.3"},
            "--channel stable --version 28.3 --no-autostart",
            "http://in.example/d",
        ),
        ({"version": "latest"}, "--channel stable --no-autostart", ""),
    ],
)
def test_options_with_values_come_first_and_other_sources_through_the_environment(more, arguments, url):
    params = run_step(**more).params
    assert " ".join(params["arguments"]) == arguments
    assert params["download_url"] == url


def test_a_script_that_does_not_know_no_autostart_is_not_given_it():
    assert run_step(text="#!/bin/sh\n").params["arguments"] == ("--channel", "stable")


def test_the_plan_shows_the_sha256_and_runs_those_very_bytes():
    planned = plan("h", Host.of(BARE), script(), wanted())
    (digest,) = (answer.sha256 for answer in script())
    assert f"sha256 {digest}" in planned.steps[0].why
    text = apply_script(planned)
    assert digest in text
    assert "it'\"'\"'s --no-autostart" in text
    assert any("--script-sha256" in warning for warning in planned.warnings)


@pytest.mark.parametrize(
    ("answer", "more", "message"),
    [
        (script("<html>"), {}, "no shell script: '<html>'"),
        (script("", "404"), {}, "cannot be fetched: 404"),
        (script(), {"script_sha256": "a" * 64}, "expected aaaa"),
        ((), {}, "it was not asked"),
    ],
)
def test_a_script_that_is_not_the_wanted_one_is_refused(answer, more, message):
    with pytest.raises(UnsupportedError, match=message):
        plan("h", Host.of(BARE), answer, wanted(**more))


def test_a_distribution_that_the_script_refuses_is_refused_before():
    facts = replace(BARE, os=sample("almalinux-9.6"), package_manager="dnf")
    with pytest.raises(UnsupportedError, match="does not support AlmaLinux"):
        plan("h", Host.of(facts), script(), wanted())
    assert run_step(facts, script_url="https://in.example/get-docker.sh")


def test_it_is_never_chosen_by_itself():
    with pytest.raises(UnsupportedError, match="only with --strategy convenience-script"):
        plan("h", Host.of(replace(BARE, os=sample("centos-9"), package_manager="dnf")), (), Spec())


def test_its_waits_are_announced():
    assert "waits" not in run_step().why
    old = replace(BARE, os=sample("ubuntu-20.04"), virtualization="wsl")
    assert "it waits 20 s under WSL; it waits 10 s because this release has ended" in run_step(old).why
    there = replace(RUNNING, packages={}, half_configured=("docker-ce",))
    assert "it waits 20 s because a docker command is there" in run_step(there).why
    conflicting = replace(RUNNING, packages={"docker.io": "26"})
    planned = plan("h", Host.of(conflicting), script(), wanted())
    assert planned.steps[0].id == "conflicts"
    assert "waits" not in planned.steps[1].why


def test_what_it_has_installed_is_as_wanted_and_nothing_is_fetched_for_it():
    assert not must_install(Host.of(RUNNING), wanted())
    assert not questions(Host.of(RUNNING), wanted()).script
    assert questions(Host.of(BARE), wanted()).script
    assert questions(Host.of(BARE), wanted()).sources == ()
    assert not questions(Host.of(BARE), Spec()).script


@pytest.mark.parametrize(
    "value",
    [
        {"script_url": "ftp://x/y"},
        {"script_url": "https://u:p@x/y"},
        {"script_url": "https://x/a b"},
        {"script_sha256": "12"},
    ],
    ids=str,
)
def test_values_that_no_script_has(value):
    with pytest.raises(ValueError, match=r"is not|carries|characters"):
        Spec(**value)
