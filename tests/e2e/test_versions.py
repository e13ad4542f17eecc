"""Versions and package sources on real hosts: install, upgrade, downgrade, holds, sources that fall through."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e import command_line
from tests.e2e.command_line import outcomes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

OLD, NEW = "20.10.24", "26.1.5"
HOSTS = {"apt": "ubuntu-24.04-lookalike", "dnf": "centos-9-lookalike"}


def provisioner(bed, host, *words, source=None, check=True):
    """Run the product against a host; the answer is its JSON document."""
    source = source or bed.source
    asks = words[:2] if words[0] == "source" else words[:1]
    options = ("--json", "--source", source.url, "--source-fingerprint", bed.source.fingerprint)
    done = command_line.provisioner(bed, *asks, host.target, *words[len(asks) :], *options)
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(words)}: status {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)["hosts"][0]


def apply(bed, host, *words, **more):
    return provisioner(bed, host, "apply", "--yes", *words, **more)


def installed(host, manager):
    """Package -> version without epoch and revision, as the package manager itself says."""
    if manager == "apt":
        text = host.sh("dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n' | grep ' [ih]i *$'").stdout
    else:
        text = host.sh("rpm -qa --qf '%{NAME} %{VERSION} ii\\n'").stdout
    found = {}
    for line in text.splitlines():
        name, version, _ = line.split()
        if re.match(r"docker|containerd", name):
            found[name] = re.match(r"[\d.]*\d", version.partition(":")[2] or version).group()
    return found


def offered(host, manager):
    """What the package manager itself lists of docker-ce."""
    if manager == "apt":
        lines = host.sh("apt-cache madison docker-ce").stdout.splitlines()
        return {line.split("|")[1].strip() for line in lines}
    lines = host.sh("dnf -q list docker-ce --showduplicates").stdout.splitlines()
    return {line.split()[1] for line in lines if line.startswith("docker-ce.")}


def held(host, manager):
    if manager == "apt":
        return set(host.sh("apt-mark showhold").stdout.split())
    return set(
        re.findall(r"docker-ce(?:-cli)?(?=-\d)", host.sh("cat /etc/dnf/plugins/versionlock.list", check=False).stdout)
    )


def engine(host):
    answer = host.sh("docker version --format '{{.Client.Version}} {{.Server.Version}}'").stdout
    return [version.partition("+")[0] for version in answer.split()]


@pytest.fixture
def untouched(engines):
    """A function: the host with this package manager, which tests only ask and are refused by; it is swept after each."""
    used = {}

    def host(manager):
        used[manager] = engines(HOSTS[manager])
        return used[manager]

    yield host
    for one in used.values():
        one.sweep()


@pytest.mark.parametrize("manager", HOSTS)
def test_both_versions_are_installed_upgraded_and_downgraded(bed, start_host, manager):
    host = start_host(HOSTS[manager])
    for wanted, version in (("20.10", OLD), (NEW, NEW), (OLD, OLD), ("latest", NEW)):
        answer = apply(bed, host, "--docker-version", wanted)
        assert answer["status"] == "changed"
        assert engine(host) == [version, version]
        packages = installed(host, manager)
        assert packages["docker-ce"] == packages["docker-ce-cli"] == version
        assert packages["containerd.io"] == "1.6.20"
        assert apply(bed, host, "--docker-version", wanted)["status"] == "converged"
        listed = provisioner(bed, host, "versions")
        assert set(listed["versions"]) == offered(host, manager)
        assert version in listed["installed"]
    assert [v for v in (NEW, OLD) for row in listed["versions"] if v in row] == [NEW, OLD]


def test_held_packages_on_apt(bed, start_host):
    host = start_host(HOSTS["apt"])
    host.lets_stay("^held: ", why="--hold")
    apply(bed, host, "--docker-version", OLD, "--hold")
    assert {"docker-ce", "docker-ce-cli", "containerd.io"} <= held(host, "apt")
    host.sh("apt-get -y -q upgrade")
    assert installed(host, "apt")["docker-ce"] == OLD
    apply(bed, host, "--docker-version", NEW)
    assert engine(host) == [NEW, NEW]
    assert {"docker-ce", "docker-ce-cli", "containerd.io"} <= held(host, "apt")


def test_apt_present_on_rpm_host(bed, start_host):
    """Somebody has installed apt there: versions change, holds and the removal are dnf's. A hold that it cannot keep is said."""
    host = start_host(HOSTS["dnf"])
    host.lets_stay("^held: ", why="--hold")
    host.sh("touch /usr/bin/apt-get /usr/bin/dpkg-query && chmod 755 /usr/bin/apt-get /usr/bin/dpkg-query")
    answer = apply(bed, host, "--docker-version", OLD, "--hold", check=False)
    assert engine(host) == [OLD, OLD]
    if held(host, "dnf"):
        assert answer["status"] == "changed"
        apply(bed, host, "--docker-version", NEW)
        assert engine(host) == [NEW, NEW]
        assert {"docker-ce", "docker-ce-cli"} <= held(host, "dnf")
    else:
        assert "all else is done and stays, but the packages cannot be held" in answer["error"]["message"]
        assert apply(bed, host)["status"] == "converged"
    outcomes(bed, "remove", host.target, "--yes")
    assert not {"docker-ce", "docker-ce-cli"} & {*installed(host, "dnf")}


@pytest.mark.parametrize("manager", HOSTS)
@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        ("wrongkey", "nothing of it is trusted"),
        ("missing", "does not carry this release"),
        ("slow", "no answer within|timed out"),
        ("broken", "does not match its index|cannot be unpacked|not a"),
    ],
)
def test_a_bad_source_is_refused_before_the_package_manager_sees_it(bed, untouched, manager, variant, reason):
    host = untouched(manager)
    answer = apply(bed, host, source=bed.source.variant(variant), check=False)
    assert answer["status"] == "unsupported"
    assert re.search(reason, str(answer["error"]))
    assert not host.sh("ls /etc/apt/sources.list.d/docker* /etc/yum.repos.d/docker* 2>/dev/null", check=False).stdout
    assert "docker-ce" not in installed(host, manager)


def test_source_probe_ranks_what_a_host_reaches(bed, untouched):
    host = untouched("dnf")
    (row,) = provisioner(bed, host, "source", "probe")["sources"]
    assert (row["problem"], row["packages"]) == ("", "centos/9")
    assert NEW in row["newest"]
    (row,) = provisioner(bed, host, "source", "probe", source=bed.source.variant("wrongkey"))["sources"]
    assert "nothing of it is trusted" in row["problem"]
