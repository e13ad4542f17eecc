"""README's first commands on a bare Debian 12 and on an EL look-alike; make test-bare goes on from here to the end."""

from __future__ import annotations

import pytest

from tests.bare import readme_command
from tests.e2e.command_line import sound
from tests.e2e.sweep import left_on
from tests.testbed.engine import REPOSITORY

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def bare(bed):
    machine = bed.start_bare()
    yield machine
    left = left_on(
        machine.name, {"^file: /root/[.](local|cache)/": "what a controller keeps of its runs and its tests"}
    )
    machine.stop()
    assert left == []


@pytest.fixture(scope="module")
def prepared(bare):
    """The same after what README names."""
    ran = bare.run(readme_command("apt-get"))
    assert ran.status == 0, ran.output
    return bare


@pytest.fixture(scope="module")
def up(prepared):
    """The same after `make up`, and what that said."""
    ran = prepared.run("make up")
    sound(["make", "up"], ran.status, ran.output)
    assert ran.status == 0, ran.output
    return prepared, ran


def test_a_bare_debian_is_told_what_the_readme_names(bare):
    lost = bare.run("for tool in make python3 curl ip bzip2; do command -v $tool || echo no $tool; done")
    assert lost.output.split() == ["no", "make", "no", "python3", "no", "curl", "no", "ip", "no", "bzip2"]
    told = bare.run("sh find-python.sh")
    assert (told.status, f"\n    {readme_command('apt-get')}\n" in told.output) == (1, True), told.output


def test_make_up_ends_with_an_engine_and_says_what_it_does(up):
    machine, ran = up
    assert ran.first < 5
    assert ran.output.startswith("a Python environment for provisioner in .venv, once")
    assert "the command itself: .venv/bin/provisioner --help;" in ran.output.splitlines()[-1]
    assert machine.run("docker info --format '{{.ServerVersion}}'").output.startswith("2")
    assert machine.run(".venv/bin/provisioner --version").output.startswith("provisioner ")
    again = machine.run("make up")
    assert (again.status, "nothing to do" in again.output) == (0, True), again.output


def test_make_test_finds_its_tools_and_its_tests(up):
    machine, _ = up
    ci = {"CI": "true"}
    tools = machine.run("make tools", environment=ci)
    assert tools.status == 0, tools.output
    assert machine.run("make tools", environment=ci).output == ""
    collected = machine.run(".venv/bin/pytest -q --collect-only tests", environment=ci)
    assert collected.status == 0, collected.output
    # Containers have no IPv6: a lack that no command mends is no failure.
    six = machine.run(".venv/bin/pytest -q tests/transports/test_ssh.py -k ipv6", environment=ci)
    assert (six.status, "1 skipped" in six.output) == (0, True), six.output


def test_a_bare_enterprise_linux_look_alike_is_told_what_the_readme_names(start_host):
    host = start_host("centos-9-lookalike")
    host.write("/root/find-python.sh", (REPOSITORY / "find-python.sh").read_text())
    told = host.sh("cd /root && sh find-python.sh", check=False)
    assert told.returncode == 1, told.stdout
    assert f"\n    {readme_command('dnf')}\n" in told.stderr
