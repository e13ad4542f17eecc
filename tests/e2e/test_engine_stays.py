"""An engine that works is there afterwards, whatever becomes of the one that was to take its place.

Each test is named after the situation it sets up; what the engine, its packages, their source and its containers were
before is compared with what they are.
"""

from __future__ import annotations

import json

import pytest

from tests.e2e.command_line import outcomes, provisioner
from tests.e2e.package_hosts import NEW, OLD, consistent, litter, prepare, state

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PROXY = "http://127.0.0.1:3142"
STRATEGIES = {"apt": "apt-repo", "rpm": "rpm-repo"}
# Only the newer engine does not come up below it.
REFUSES_THE_NEW = f"[Service]\nExecStartPre=/bin/sh -c '! dockerd --version | grep -q {NEW}'\n"
DEPENDENT = "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: a <a@b.invalid>\nDepends: {needs}\nDescription: x\n"
TOOLKIT = (
    "docker-ce (>= 18.06.0~ce~3-0~ubuntu) | docker-ee (>= 18.06.0~ce~3-0~ubuntu) | docker.io (>= 18.06.0)"  # nvidia's
)


@pytest.fixture
def host_with(bed):
    """(family, engine) -> a host with that engine and a container that runs; gone after the test."""
    hosts = []

    def start(family, engine):
        hosts.append(prepare(bed, family, engine))
        return hosts[-1]

    yield start
    for host in hosts:
        host.stop()


def wanted(bed, host, family, *words):
    return (
        "apply", host.target, "--strategy", STRATEGIES[family], "--allow-restart", "--yes",
        "--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint, *words,
    )  # fmt: skip


def outcome_of(bed, *words, status):
    """The outcome of the only host, and what was said while it came about."""
    done = provisioner(bed, *words, "--json")
    (outcome,) = json.loads(done.stdout)["hosts"]
    assert done.returncode == status, (outcome, done.stderr[-3000:])
    return outcome, done.stderr


def package(host, name, needs, version="1"):
    """Install a package of somebody else's, which needs what it needs."""
    control = DEPENDENT.format(name=name, version=version, needs=needs)
    host.write(f"/tmp/{name}/DEBIAN/control", control)
    host.sh(f"dpkg-deb -b /tmp/{name} /tmp/{name}.deb && dpkg -i /tmp/{name}.deb")


def test_dead_apt_proxy_costs_the_engine(bed, host_with):
    host = host_with("apt", "distribution")
    host.write("/etc/apt/apt.conf.d/01acng", f'Acquire::http::Proxy "{PROXY}";\n')
    before = state(host)
    outcome, _ = outcome_of(bed, *wanted(bed, host, "apt"), status=5)
    assert f"through the proxy {PROXY} of /etc/apt/apt.conf.d/01acng:1" in outcome["error"]["message"]
    assert state(host) == before
    assert litter(host) == ""
    # Another of the kind: the one of a host, for the packages of that source alone.
    host.sh("rm /etc/apt/apt.conf.d/01acng")
    host.write("/etc/apt/apt.conf.d/02dead", f'Acquire::http::Proxy::{bed.source.address} "{PROXY}";\n')
    outcome, _ = outcome_of(bed, *wanted(bed, host, "apt"), status=5)
    assert "/etc/apt/apt.conf.d/02dead:1" in outcome["error"]["message"]
    assert state(host) == before


@pytest.mark.matrix
def test_a_dead_proxy_of_dnf_costs_no_engine(bed, host_with):
    host = host_with("rpm", "distribution")
    host.sh(f"echo proxy={PROXY} >>/etc/dnf/dnf.conf")
    before = state(host)
    outcome, _ = outcome_of(bed, *wanted(bed, host, "rpm", "--remove-dependents"), status=5)
    assert f"through the proxy {PROXY} of /etc/dnf/dnf.conf:" in outcome["error"]["message"]
    assert state(host) == before
    assert litter(host) == ""


def test_dependents_removed_unplanned_apt(bed, host_with):
    host = host_with("apt", "distribution")
    package(host, "nvidia-docker2", TOOLKIT, "2.13.0-1")
    package(host, "dokku", "docker.io (>= 17.05.0)")
    before = state(host)
    blocked, _ = outcome_of(bed, *wanted(bed, host, "apt"), status=8)
    assert "dokku needs docker.io >= 17.05.0: it would be removed too" in blocked["error"]["message"]
    assert "nvidia-docker2" not in blocked["error"]["message"]
    assert state(host) == before
    outcome, _ = outcome_of(bed, *wanted(bed, host, "apt", "--remove-dependents"), status=0)
    assert outcome["status"] == "changed"
    assert outcome["steps"][0]["title"].endswith(" dokku")
    packages = state(host).packages
    assert "nvidia-docker2" in packages
    assert "dokku" not in packages
    # A removal asks as well, now for the other one.
    blocked, _ = outcome_of(bed, "remove", host.target, "--yes", "--allow-restart", status=8)
    assert "nvidia-docker2 needs docker-ce" in blocked["error"]["message"]
    assert "docker-ce" in state(host).packages
    removed = ("remove", host.target, "--yes", "--allow-restart", "--remove-dependents")
    assert outcome_of(bed, *removed, status=0)[0]["status"] == "changed"
    assert "nvidia-docker2" not in state(host).packages


@pytest.mark.matrix
def test_dependents_on_rpm_are_named_and_asked_for(bed, host_with):
    host = host_with("rpm", "distribution")
    host.sh("dnf -y -q install engine-watcher engine-toolkit")
    before = state(host)
    blocked, _ = outcome_of(bed, *wanted(bed, host, "rpm"), status=8)
    assert "engine-watcher needs docker-engine" in blocked["error"]["message"]
    assert state(host) == before
    outcome, said = outcome_of(bed, *wanted(bed, host, "rpm", "--remove-dependents"), status=0)
    assert outcome["steps"][0]["title"] == "remove docker-engine containerd runc engine-watcher"
    after = state(host)
    assert "engine-toolkit" in after.packages
    assert "engine-watcher" not in after.packages
    assert after.engine == f"{NEW}+dfsg1\nactive\n"
    assert after.containers == "web running\n"
    assert "containers that ran before were started again: web" in said
    assert "enabled" in after.units


@pytest.mark.matrix
def test_what_only_apt_finds_out_about_ends_the_run_before_anything_changed(bed, host_with):
    """A package that the facts know nothing of, since it breaks with what comes and not without what goes."""
    host = host_with("apt", "docker-ce")
    host.write(
        "/tmp/old/DEBIAN/control",
        DEPENDENT.format(name="old-plugin", version="1", needs="dpkg") + "Breaks: docker-ce (>= 5:26)\n",
    )
    host.sh("sed -i '/^Breaks/!b' /tmp/old/DEBIAN/control && dpkg-deb -b /tmp/old /tmp/old.deb && dpkg -i /tmp/old.deb")
    before = state(host)
    outcome, _ = outcome_of(bed, *wanted(bed, host, "apt", "--docker-version", NEW), status=6)
    assert outcome["status"] == "rolled_back"
    assert "old-plugin" in outcome["error"]["message"]
    assert state(host) == before


@pytest.mark.parametrize(
    ("family", "engine"),
    [
        pytest.param("apt", "distribution"),
        pytest.param("apt", "docker-ce", marks=pytest.mark.matrix),
        pytest.param("rpm", "distribution", marks=pytest.mark.matrix),
        pytest.param("rpm", "docker-ce", marks=pytest.mark.matrix),
    ],
)
def test_a_new_engine_that_does_not_start_makes_room_for_the_old_one_again(bed, host_with, family, engine):
    host = host_with(family, engine)
    host.write("/etc/systemd/system/docker.service.d/refuse.conf", REFUSES_THE_NEW)
    if (family, engine) == ("apt", "distribution"):
        # This one has the version that is refused; only when it is Docker's build.
        refuses = REFUSES_THE_NEW.replace("dockerd --version | grep -q " + NEW, "test -x /usr/bin/dockerd")
        host.write("/etc/systemd/system/docker.service.d/refuse.conf", refuses)
    host.sh("systemctl daemon-reload")
    before = state(host)
    outcome, said = outcome_of(bed, *wanted(bed, host, family, "--docker-version", NEW), status=6)
    assert outcome["status"] == "rolled_back"
    assert state(host) == before, said
    assert "containers that ran before were started again: web" in said
    assert (consistent(host), litter(host)) == ("", "")
    host.sh("rm /etc/systemd/system/docker.service.d/refuse.conf && systemctl daemon-reload")
    assert outcome_of(bed, *wanted(bed, host, family, "--docker-version", NEW), status=0)[0]["status"] == "changed"
    after = state(host)
    assert after.engine.startswith(NEW)
    assert after.containers == "web running\n"


@pytest.mark.matrix
def test_a_way_back_that_is_gone_is_said_before_and_the_status_is_failed(bed, host_with):
    host = host_with("rpm", "distribution")
    host.sh("rm /etc/yum.repos.d/distribution.repo && rm -r /var/cache/dnf/*")
    host.write("/etc/systemd/system/docker.service.d/refuse.conf", REFUSES_THE_NEW)
    planned = provisioner(bed, "plan", *wanted(bed, host, "rpm")[1:4], *wanted(bed, host, "rpm")[6:])
    assert "come back as far as a source of this host still has them" in planned.stdout
    outcome, said = outcome_of(bed, *wanted(bed, host, "rpm"), status=6)
    assert outcome["status"] == "failed"
    assert f"could not come back if the new engine failed: containerd-1.6.20-1.el9.x86_64 docker-engine-{OLD}-" in said
    assert "did not come back to where they were" in outcome["error"]["message"]
    assert consistent(host) == ""
    assert "docker-ce" in state(host).packages
    # What it leaves is what the next run goes on from.
    host.sh("rm /etc/systemd/system/docker.service.d/refuse.conf && systemctl daemon-reload")
    assert outcome_of(bed, *wanted(bed, host, "rpm"), status=0)[0]["status"] == "changed"
    assert state(host).engine.startswith(NEW)
    assert consistent(host) == ""


def test_leftover_containerd_config_v3(bed, start_host):
    host = start_host("debian-13")
    host.write("/etc/containerd/config.toml", "version = 3\n")
    before = state(host)
    # The distribution's containerd is 1.7, which knows versions up to 2.
    command = (
        "apply", host.target, "--yes", "--strategy", "distro-packages", "--registry-mirror", bed.mirrors[0].url
    )  # fmt: skip
    outcome, _ = outcome_of(bed, *command, status=6)
    assert outcome["status"] == "rolled_back"
    assert "containerd.service" in outcome["error"]["message"]
    assert "unsupported config version `3`" in outcome["error"]["message"]
    assert outcome["seconds"] < 100
    assert state(host) == before
    assert host.read("/etc/containerd/config.toml") == "version = 3\n"
    host.sh("rm /etc/containerd/config.toml")
    assert outcome_of(bed, *command, status=0)[0]["status"] == "changed"
    assert outcomes(bed, *command)[host.target]["status"] == "converged"


def test_etckeeper_loop(bed, start_host):
    host = start_host("debian-13")
    host.sh("apt-get update -q && apt-get install -y -q --no-install-recommends git etckeeper", timeout=300)
    host.sh(
        "git config --global user.email a@b.invalid && git config --global user.name a; cd /etc && etckeeper init; etckeeper commit first || :"
    )
    host.sh("echo AVOID_COMMIT_BEFORE_INSTALL=1 >>/etc/etckeeper/etckeeper.conf")
    # Somebody else's change: refused before anything is written, with the way out.
    command = wanted(bed, host, "apt", "--registry-mirror", bed.mirrors[0].url)
    outcome, _ = outcome_of(bed, *command, status=8)
    assert "etckeeper/etckeeper.conf" in outcome["error"]["message"]
    assert "etckeeper commit" in outcome["error"]["hint"]
    assert not host.sh("ls /etc/apt/sources.list.d").stdout
    host.sh("etckeeper commit second")
    outcome, said = outcome_of(bed, *command, status=0)
    assert outcome["status"] == "changed"
    assert "etckeeper has committed what this run wrote" in said
    assert "package source of Docker Engine" in host.sh("cd /etc && git log --format=%s").stdout
    assert outcomes(bed, *command)[host.target]["status"] == "converged"


@pytest.mark.matrix
@pytest.mark.parametrize("family", STRATEGIES)
def test_an_engine_without_its_source_gets_it_back(bed, host_with, family):
    host = host_with(family, "docker-ce")
    engine = state(host).engine
    plan = ("plan", *wanted(bed, host, family)[1:4], *wanted(bed, host, family)[6:], "--exit-code")
    for gone in (
        "/etc/apt/keyrings/docker.asc /etc/pki/rpm-gpg/RPM-GPG-KEY-docker",
        "/etc/apt/sources.list.d/docker.sources /etc/yum.repos.d/docker-ce.repo",
    ):
        host.sh(f"rm -f {gone}")
        assert provisioner(bed, *plan).returncode == 9
        outcome, _ = outcome_of(bed, *wanted(bed, host, family), status=0)
        assert [step["title"] for step in outcome["steps"]] == [f"use the packages of {bed.source.url}"]
        assert consistent(host) == ""
        assert provisioner(bed, *plan).returncode == 0
    assert state(host).engine == engine


@pytest.mark.matrix
def test_what_rpm_has_twice_is_finished(bed, host_with):
    """A transaction that broke off between installing the new packages and erasing the old ones."""
    host = host_with("rpm", "docker-ce")
    host.sh(
        f"cd /var/tmp && dnf -y -q --downloadonly --downloaddir=. install docker-ce-{NEW} docker-ce-cli-{NEW} && "
        "rpm -i --force --nodeps --noscripts docker-ce-2*.rpm docker-ce-cli-2*.rpm && rm *.rpm"
    )
    assert host.sh("rpm -q docker-ce | wc -l").stdout.strip() == "2"
    outcome, _ = outcome_of(bed, *wanted(bed, host, "rpm", "--docker-version", NEW), status=0)
    assert outcome["status"] == "changed"
    assert consistent(host) == ""
    assert state(host).engine.startswith((OLD, NEW))


@pytest.mark.matrix
def test_on_rpm_the_first_start_waits_for_its_configuration(bed, start_host):
    """This distribution's scriptlets start the service."""
    host = start_host("centos-9-lookalike", os_release="openeuler-24.03")
    host.write("/etc/yum.repos.d/distribution.repo", bed.source.distribution)
    command = ("apply", host.target, "--yes", "--strategy", "distro-packages", "--registry-mirror", bed.mirrors[0].url)
    outcomes(bed, *command)
    starts = host.sh("journalctl -q -o cat -u docker.service | grep -c 'Daemon has completed initialization'")
    assert starts.stdout == "1\n"
    assert "mirror" in host.read("/etc/docker/daemon.json")
    assert host.sh("docker info --format '{{.RegistryConfig.Mirrors}}'").stdout == f"[{bed.mirrors[0].url}/]\n"
    assert litter(host) == ""


@pytest.mark.matrix
@pytest.mark.parametrize("family", STRATEGIES)
def test_a_script_that_fails_leaves_the_engine_that_was_there(bed, host_with, family):
    host = host_with(family, "distribution")
    script = (
        "apply", host.target, "--yes", "--allow-restart", "--strategy", "convenience-script",
        "--script-url", f"{bed.source.url}/get-docker.sh",
    )  # fmt: skip
    before = state(host)
    outcome, _ = outcome_of(bed, *script, "--source", bed.source.variant("dies").url, status=6)
    assert outcome["status"] == "rolled_back"
    assert state(host) == before
    assert litter(host) == ""
    outcome, said = outcome_of(bed, *script, "--source", bed.source.url, status=0)
    after = state(host)
    assert after.engine.startswith(NEW)
    assert after.containers == "web running\n"
    assert "containers that ran before were started again: web" in said
    assert not {"docker.io", "docker-engine", "containerd", "runc"} & set(after.packages.split())
