"""Six hosts of six kinds at once, from nothing to an engine that runs hello-world through the mirror.

They are look-alikes where their names say so: Debian underneath, with the os-release, the init system and the
package manager of what they stand for. What became of them is looked at with pytest-testinfra and `docker` on
the host, never with our own code.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import testinfra
import yaml

from tests.e2e import directory_accounts
from tests.e2e.command_line import outcomes, provisioner

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

FROM_SOURCE = {"docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"}
HOSTS = {
    "debian-12": ("distro-packages", "20.10.24", {"docker.io"}),
    "debian-13": ("apt-repo", "26.1.5", FROM_SOURCE),
    "ubuntu-24.04-lookalike": ("apt-repo", "26.1.5", FROM_SOURCE),
    "centos-9-lookalike": ("rpm-repo", "26.1.5", FROM_SOURCE),
    "ubuntu-14.04-lookalike": ("distro-packages", "20.10.24", {"docker.io"}),
    "forky": ("distro-packages", "28.5.2", {"docker.io", "docker-cli"}),
}
"""slug -> strategy, engine and packages that must be there afterwards."""


@pytest.fixture(scope="module")
def fleet(bed):
    with ThreadPoolExecutor(2) as pool:
        hosts = dict(zip(HOSTS, pool.map(bed.start, HOSTS), strict=True))
    directory_accounts.join(hosts["debian-12"])
    yield hosts
    for host in hosts.values():
        host.stop()


@pytest.fixture(scope="module")
def inventory(fleet, bed, tmp_path_factory):
    """One inventory of all six; two groups differ in where their packages come from."""

    def group(strategies, docker):
        members = {slug: host for slug, host in fleet.items() if HOSTS[slug][0] in strategies}
        lines = {slug: {"ansible_host": host.address, "ansible_port": host.port} for slug, host in members.items()}
        if "debian-12" in lines:
            lines["debian-12"]["docker"] = {"users": ["ops", "bob"]}
        return {"hosts": lines, "vars": {"docker": docker}}

    document = {
        "all": {
            "vars": {
                "ansible_user": "root",
                "docker": {"registry_mirrors": [bed.mirrors[0].url], "users": ["ops"]},
            },
            "children": {
                "from_source": group(
                    {"apt-repo", "rpm-repo"},
                    {"source": bed.source.url, "source_fingerprint": bed.source.fingerprint},
                ),
                "from_distribution": group({"distro-packages"}, {"strategy": "distro-packages"}),
            },
        }
    }
    path = tmp_path_factory.mktemp("inventory") / "fleet.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture(scope="module")
def first_run(fleet, inventory, bed):
    return outcomes(bed, "apply", "-i", inventory, "--yes", "--proof", "hello-world", timeout=800)


@pytest.mark.parametrize("slug", HOSTS)
def test_each_host_has_what_was_planned(slug, fleet, first_run, bed):
    strategy, version, packages = HOSTS[slug]
    result, host = first_run[slug], fleet[slug]
    assert (result["status"], result["strategy"]) == ("changed", strategy)
    assert result["docker_version"].startswith(version)
    seen = testinfra.get_host(f"docker://{host.name}")
    for name in packages:
        if slug.startswith("centos"):
            assert seen.run("rpm -q %s", name).rc == 0
        else:
            assert seen.package(name).is_installed
    assert seen.file("/run/docker.sock").exists
    assert seen.group("docker").exists
    assert "docker" in seen.user("ops").groups
    if host.recipe.init.startswith("systemd"):
        assert seen.service("docker").is_running
        assert seen.service("docker").is_enabled
    else:
        assert seen.run("ls /etc/rc2.d/ | grep -q '^S.*docker$'").rc == 0
    information = json.loads(seen.check_output("docker info --format '{{json .}}'"))
    assert information["ServerVersion"].startswith(version)
    assert information["RegistryConfig"]["Mirrors"] == [bed.mirrors[0].url + "/"]
    assert bed.mirrors[0].pulls(host) > 0
    assert "Hello from Docker!" in seen.check_output("docker run --rm --network none hello-world")
    assert seen.run("su ops -s /bin/sh -c 'docker version'").rc == 0


def test_directory_user(fleet, first_run):
    """An account that no file of the host has joins the group that came with the packages."""
    members = fleet["debian-12"].sh("getent group docker").stdout.strip().rpartition(":")[2]
    assert members.split(",") == ["ops", "bob"]


@pytest.mark.parametrize("slug", HOSTS)
def test_the_first_start_had_the_final_configuration(slug, fleet, first_run):
    """No second start: the daemon that runs is the first one that this host has seen."""
    host = fleet[slug]
    if host.recipe.init.startswith("systemd"):
        starts = host.sh("journalctl -q -o cat -u docker.service | grep -c 'Daemon has completed initialization'")
    else:
        starts = host.sh("grep -c 'Daemon has completed initialization' /var/log/docker.log")
    assert starts.stdout == "1\n"


@pytest.mark.parametrize("slug", [slug for slug in HOSTS if HOSTS[slug][0] == "apt-repo"])
def test_the_source_is_one_deb822_file_with_its_own_key(slug, fleet, first_run, bed):
    host = fleet[slug]
    text = host.read("/etc/apt/sources.list.d/docker.sources")
    assert f"URIs: {bed.source.url}/linux/" in text
    assert "Signed-By: /etc/apt/keyrings/docker.asc" in text
    assert host.sh("stat -c '%a %U' /etc/apt/keyrings/docker.asc").stdout == "644 root\n"
    assert host.sh("ls /usr/sbin/policy-rc.d", check=False).returncode != 0
    assert "docker" in host.sh("apt-get -q update && apt-cache policy docker-ce").stdout


def test_the_rpm_source_checks_signatures_and_names_its_release(fleet, first_run, bed):
    host = fleet["centos-9-lookalike"]
    text = host.read("/etc/yum.repos.d/docker-ce.repo")
    assert f"baseurl={bed.source.url}/linux/centos/9/$basearch/stable" in text
    assert "gpgcheck=1" in text
    assert bed.source.fingerprint[-8:].lower() in host.sh("rpm -q gpg-pubkey").stdout


def test_all_engine_packages_have_one_version(fleet, first_run):
    for slug, query in (
        ("ubuntu-24.04-lookalike", "dpkg-query -W -f '${Version}\\n' docker-ce docker-ce-cli"),
        ("centos-9-lookalike", "rpm -q --qf '%{VERSION}\\n' docker-ce docker-ce-cli"),
    ):
        versions = set(fleet[slug].sh(query).stdout.split())
        assert len(versions) == 1, versions


def test_the_second_run_changes_nothing(fleet, inventory, first_run, bed):
    pids = {slug: host.sh("cat /run/docker.pid").stdout for slug, host in fleet.items()}
    again = outcomes(bed, "apply", "-i", inventory, "--yes")
    assert {slug: result["status"] for slug, result in again.items()} == dict.fromkeys(HOSTS, "converged")
    assert {slug: host.sh("cat /run/docker.pid").stdout for slug, host in fleet.items()} == pids
    assert provisioner(bed, "plan", "-i", inventory, "--exit-code").returncode == 0
