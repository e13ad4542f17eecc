"""A run that is repeated: three hosts whose own journals and logs say that nothing was done twice."""

from __future__ import annotations

import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from provisioner.remote.attempt import Attempt
from provisioner.runs import one_host
from provisioner.runs.target import Target
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import Spec
from tests.e2e.command_line import begun, outcomes, provisioner
from tests.until import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
CONFIG = "/etc/docker/daemon.json"
STATE = "/var/lib/provisioner"
NAMES = ("one", "two", "three")
SLOW = """#!/bin/sh
if [ -e /root/slow ]; then case $* in *'{{if .ServerVersion}}up'*) until [ -e /root/go ]; do sleep 0.2; done ;; esac; fi
exec /usr/bin/docker "$@"
"""
"""A client that takes its time to show what a change has brought."""


class Fleet:
    """Hosts by their names in an inventory."""

    def __init__(self, bed, place):
        self.bed, self.file = bed, place / "hosts.yml"
        self.hosts = {name: bed.start("debian-13-engine", name=name) for name in NAMES}
        for host in self.hosts.values():
            host.write("/usr/local/bin/docker", SLOW, "755")
        self.write()

    def write(self):
        rows = "".join(
            f"    {name}: {{ansible_host: {host.address}, ansible_port: {host.port}, ansible_user: root}}\n"
            for name, host in self.hosts.items()
        )
        self.file.write_text(f"all:\n  hosts:\n{rows}")

    def slow(self, *names):
        for name in names:
            self.hosts[name].sh("rm -f /root/go; touch /root/slow")

    def go(self, *names):
        for name in names:
            self.hosts[name].sh("touch /root/go; rm -f /root/slow")

    def words(self, url, *more):
        return ("mirror", "set", url, "-i", self.file, "--yes", "--force", *more)

    def under_way(self, url, *names):
        return all(url in self.hosts[name].sh(f"cat {CONFIG}", check=False).stdout for name in names)

    def attempts(self, name):
        """The attempts that the host has directories of."""
        return sorted(self.hosts[name].sh(f"ls {STATE}/runs").stdout.split())

    def untouched(self, name):
        """What would differ if anything were done: when the file was written, and what the engine has logged."""
        return self.hosts[name].sh(f"stat -c '%y %i' {CONFIG}; journalctl -q -u docker --no-pager | wc -l").stdout

    def power_cut(self, *names):
        """The power goes, and comes again."""
        cut = [self.hosts[name] for name in names]
        for host in cut:
            host.sh("rm -f /etc/ssh/ssh_host_ed25519_key*")  # the image makes one at each start, and does not overwrite
        for word in ("kill", "start"):
            subprocess.run(["docker", word, *(host.name for host in cut)], check=True, capture_output=True)
        for name, host in zip(names, cut, strict=True):
            until(
                lambda host=host: host.sh("docker version && systemctl is-active ssh", check=False).returncode == 0, 90
            )
            asked = ["docker", "port", host.name, "22/tcp"]
            said = subprocess.run(asked, check=True, capture_output=True, text=True)
            again = replace(host, port=int(said.stdout.split()[0].rpartition(":")[2]))
            with again.known_hosts.open("a") as known:
                known.write(f"[{again.address}]:{again.port} {again.read('/etc/ssh/ssh_host_ed25519_key.pub')}")
            self.hosts[name] = again
        self.write()


@pytest.fixture(scope="module")
def fleet(bed, tmp_path_factory):
    made = Fleet(bed, tmp_path_factory.mktemp("fleet"))
    yield made
    for host in made.hosts.values():
        host.stop()


@pytest.fixture(autouse=True)
def history(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture
def change(fleet):
    """A function: another controller's attempt at a run on host one."""
    opened = []

    def change(run, word, url):
        host = fleet.hosts["one"]
        known = str(host.known_hosts)
        options = SSHOptions(
            host.address, "root", host.port, (str(host.key_file),), known_hosts=known, ssh_config="/dev/null"
        )
        opened.append(SSHTransport(options, "one"))
        target = Target(opened[-1], Spec(registry_mirrors=(url,), install=False), force=True)
        return one_host.change(target, Attempt(run, word, "mirror set"), allow_restart=False)

    yield change
    for transport in opened:
        transport.close()


def test_the_same_run_again_hears_that_the_host_was_changed_and_does_nothing(fleet, change):
    url = "https://twice.example"
    first = change("e2e-twice", "aaaaaa", url)
    assert (first.status, [result.status for result in first.results]) == ("changed", ["ok"])
    before, attempts = fleet.untouched("one"), fleet.attempts("one")
    for word in ("aaaaaa", "bbbbbb"):
        again = change("e2e-twice", word, url)
        assert (again.status, again.changed, again.error) == ("changed", True, None)
        assert [(result.id, result.status) for result in again.results] == [
            (result.id, result.status) for result in first.results
        ]
        assert [step.title for step in again.plan.steps] == [step.title for step in first.plan.steps]
        assert again.checks == first.checks
        assert "done by run e2e-twice before" in again.earlier
    assert (fleet.untouched("one"), fleet.attempts("one")) == (before, attempts)
    assert change("e2e-other", "cccccc", url).status == "converged"


def test_two_controllers_that_begin_the_same_run_at_once_change_the_host_once(fleet, change):
    url = "https://at-once.example"
    attempts = fleet.attempts("one")
    fleet.slow("one")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(change, "e2e-race", word, url) for word in ("aaaaaa", "bbbbbb")]
        until(lambda: fleet.under_way(url, "one"))
        fleet.go("one")
        ended = [one.result(120) for one in both]
    assert [(one.status, one.changed, one.error) for one in ended] == [("changed", True, None)] * 2
    assert len(fleet.attempts("one")) == len(attempts) + 1


def test_a_change_whose_controller_was_killed_is_not_lost(fleet, bed):
    """One host has ended by then, one ends while nobody looks, one goes on and is joined."""
    url = "https://killed.example"
    fleet.slow("two", "three")
    with begun(bed, *fleet.words(url)) as running:
        until(lambda: fleet.under_way(url, *NAMES))
        until(lambda: "outcome changed" in fleet.hosts["one"].sh(f"cat {STATE}/journal/*.*").stdout)
        running.send_signal(signal.SIGKILL)
        running.wait()
    attempts = {name: fleet.attempts(name) for name in NAMES}
    fleet.go("two")
    until(lambda: fleet.hosts["two"].sh(f"ls {STATE}/runs/{attempts['two'][-1]}/ended", check=False).returncode == 0)
    before = fleet.untouched("two")
    with begun(bed, *fleet.words(url, "--resume", "-v")) as running:
        fleet.go("three")
        out, err = running.communicate(timeout=120)
    assert running.returncode == 0, out + err
    assert {name: fleet.attempts(name) for name in NAMES} == attempts
    assert fleet.untouched("two") == before
    assert "converged" not in out
    assert "nothing to do" not in out
    counted = out.strip().splitlines()[-1]
    assert "3 hosts: " in counted
    assert "changed" in counted


def test_of_hosts_that_lost_their_power_it_is_said_what_is_known(fleet, bed):
    url = "https://power.example"
    fleet.slow("one", "two")
    with begun(bed, *fleet.words(url, "-l", "one,two")) as running:
        until(lambda: fleet.under_way(url, "one", "two"))
        for name in ("one", "two"):
            fleet.power_cut(name)
        running.communicate(timeout=300)
    assert running.returncode != 0
    fleet.hosts["two"].write(CONFIG, '{"registry-mirrors": ["https://earlier.example"]}')
    fleet.hosts["two"].sh("systemctl restart docker")
    attempts = fleet.attempts("one")
    cut = [name for name in attempts if name.startswith("20")][-1]
    fleet.go("one", "two")
    again = outcomes(bed, *fleet.words(url, "-l", "one,two", "--resume"))
    assert {name: host["status"] for name, host in again.items()} == {"one": "changed", "two": "changed"}
    assert "was cut off, and what it had changed by then is not known" in again["one"]["earlier"]
    assert "was cut off" in again["two"]["earlier"]
    assert fleet.attempts("one") == attempts
    assert fleet.hosts["one"].sh(f"grep -c outcome {STATE}/journal/{cut}", check=False).stdout == "0\n"
    assert outcomes(bed, *fleet.words(f"{url}/next", "-l", "one"))["one"]["status"] == "changed"
    assert fleet.hosts["one"].sh(f"tail -n 1 {STATE}/journal/{cut}").stdout == "outcome cut_off\n"
    said = fleet.hosts["two"].sh(f"cat $(ls -rt {STATE}/journal/*.* | tail -n 2)").stdout
    assert [line for line in said.splitlines() if line.startswith("outcome")] == ["outcome cut_off", "outcome changed"]
    assert url in fleet.hosts["two"].read(CONFIG)


def test_who_asks_for_facts_hears_of_the_last_run(fleet, bed):
    said = provisioner(bed, "facts", "-i", fleet.file, "-l", "one", "-v").stdout
    assert "last run" in said
    assert "mirror set" in said
