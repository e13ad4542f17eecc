"""provisioner check on real hosts, over SSH."""

from __future__ import annotations

import json

import pytest

from tests.e2e import engine_states as states
from tests.e2e.command_line import provisioner
from tests.hosts import SAMPLES
from tests.until import until

pytestmark = pytest.mark.e2e

HOLD = """
use Fcntl;
open(my $file, "+>>", "/var/lib/dpkg/lock-frontend") or die;
my $lock = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0);
fcntl($file, F_SETLK, $lock) or die;
sleep 60;
"""
SLUGS = ["debian-12", "debian-13", "forky-engine", "centos-9-lookalike", "ubuntu-14.04-lookalike"]


def source(bed):
    return ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)


@pytest.fixture(scope="module")
def hosts(bed):
    started = {slug: bed.start(slug) for slug in SLUGS}
    yield started
    for host in started.values():
        host.stop()


@pytest.mark.parametrize("slug", SLUGS)
def test_a_good_host_passes(bed, hosts, slug):
    # No distribution's archive of Enterprise Linux has an engine.
    wish = source(bed) if slug == "centos-9-lookalike" else ()
    done = provisioner(bed, "check", hosts[slug].target, *wish, "--json")
    (row,) = json.loads(done.stdout)["hosts"]
    assert [check for check in row["checks"] if check["verdict"] == "fail"] == []
    assert (done.returncode, row["status"]) == (0, "passed")
    assert {"kernel", "control groups", "disk space", "DNS", "package lock"} <= {c["name"] for c in row["checks"]}
    comes = [check["detail"] for check in row["checks"] if check["name"] == "packages"]
    assert [what.startswith("install ") for what in comes] == ([] if slug == "forky-engine" else [True]), comes


def test_a_host_that_reaches_no_package_source_fails_as_its_plan_does(bed, hosts):
    dead = ("--source", "http://127.0.0.1:9/docker-ce")
    for slug in ("debian-13", "centos-9-lookalike"):
        host = hosts[slug]
        detail, _ = checked(bed, host, *dead)["packages"]
        assert "127.0.0.1" in detail
        statuses = {command: provisioner(bed, command, host.target, *dead).returncode for command in ("check", "plan")}
        assert statuses == {"check": 5, "plan": 5}


def test_a_restart_that_stops_containers_is_said_before_an_apply(bed, hosts):
    host, wish, said = hosts["forky-engine"], ("--daemon", "log-driver=local"), "which stops 1 of them"
    states.start(host, config={"registry-mirrors": [bed.mirrors[0].url]})
    host.sh("docker run -d --name web --network none busybox sleep 9999")
    try:
        done = provisioner(bed, "check", host.target, *wish)
        assert (done.returncode, said in " ".join(done.stdout.split())) == (0, True), done.stdout
        assert provisioner(bed, "apply", host.target, *wish, "--yes").returncode == 8
    finally:
        host.sh("docker rm -f web")
    assert said not in provisioner(bed, "check", host.target, *wish).stdout


def test_a_host_whose_kernel_reports_2_6_is_refused_with_the_rule(bed, hosts):
    host = hosts["debian-12"]
    host.sh(
        "nohup setarch x86_64 --uname-2.6 /usr/sbin/sshd -D -p 2622 -o PidFile=/run/sshd26.pid </dev/null >/dev/null 2>&1 &"
    )
    target = f"root@{host.inner_address}:2622"
    for command, status in (("check", 5), ("apply", 5)):
        words = ["--yes"] if command == "apply" else []
        done = provisioner(bed, command, target, "--accept-new", *words)
        assert done.returncode == status, done.stderr
        assert "2.6." in done.stdout
        assert "needs 3.10 or newer" in done.stdout
    assert host.sh("command -v dockerd", check=False).returncode != 0


def test_the_holder_of_a_lock_is_named(bed, hosts):
    host = hosts["debian-13"]
    host.write("/root/lock.pl", HOLD)
    host.sh("nohup perl /root/lock.pl </dev/null >/dev/null 2>&1 & echo $! >/root/pid; sleep 1")
    done = provisioner(bed, "check", host.target)
    host.sh("kill $(cat /root/pid)")
    assert done.returncode == 0
    assert "perl /root/lock.pl (pid " in done.stdout


def checked(bed, host, *words):
    done = provisioner(bed, "check", host.target, *words, "--json")
    (row,) = json.loads(done.stdout)["hosts"]
    return {check["name"]: (check["detail"], check["way_out"]) for check in row["checks"] if check["verdict"] == "fail"}


def test_foreign_signed_by_conflict(bed, hosts):
    host, folder = hosts["debian-13"], "/etc/apt/sources.list.d"
    host.write(
        f"{folder}/code.list", "deb [signed-by=/usr/share/keyrings/a.gpg] http://code.invalid/repo stable main\n"
    )
    host.write(
        f"{folder}/code.sources",
        "Types: deb\nURIs: http://code.invalid/repo\nSuites: stable\nComponents: main\nSigned-By: /etc/apt/keyrings/b.gpg\n",
    )
    try:
        # Inode numbers of containers of one image are alike, so that one that installs seems to hold the locks of all.
        until(lambda: "apt" in checked(bed, host), 120)
        detail, way_out = checked(bed, host)["apt"]
        assert "Conflicting values set for option Signed-By" in detail
        assert (f"{folder}/code.list" in way_out, f"{folder}/code.sources" in way_out) == (True, True), way_out
        refused = provisioner(bed, "plan", host.target)
        assert (refused.returncode, "apt does nothing" in refused.stdout) == (8, True), refused.stdout
    finally:
        host.sh(f"rm {folder}/code.list {folder}/code.sources")


@pytest.fixture
def release_file(hosts):
    """A function: /etc/os-release of the host is this text until the test ends."""
    changed = []

    def claim(slug, text):
        hosts[slug].sh("cp -P /etc/os-release /root/")
        hosts[slug].sh("rm /etc/os-release")
        hosts[slug].write("/etc/os-release", text)
        changed.append(hosts[slug])

    yield claim
    for host in changed:
        host.sh("rm /etc/os-release; cp -P /root/os-release /etc/")


@pytest.mark.parametrize("name", ["puppy-10.0.8", "puppy-23.12"])
def test_puppy_codename_ignored(bed, hosts, release_file, name):
    release_file("debian-13", (SAMPLES / f"{name}.os-release").read_text(encoding="utf-8"))
    done = provisioner(bed, "plan", *source(bed), hosts["debian-13"].target, "--json")
    (row,) = json.loads(done.stdout)["hosts"]
    assert (done.returncode, row["platform"], row["strategy"]) == (0, "debian-12", "apt-repo"), row["error"]
    assert "Suites: bookworm\n" in done.stdout.replace("\\n", "\n")
    assert any("VERSION_CODENAME=bookworm, though VERSION_ID=" in said for said in row["warnings"]), row["warnings"]


def test_apt_present_on_rpm_host(bed, hosts):
    host = hosts["centos-9-lookalike"]
    host.sh("touch /usr/bin/apt-get /usr/bin/dpkg-query && chmod 755 /usr/bin/apt-get /usr/bin/dpkg-query")
    try:
        done = provisioner(bed, "plan", *source(bed), host.target, "--json")
        (row,) = json.loads(done.stdout)["hosts"]
        assert (done.returncode, row["platform"], row["strategy"]) == (0, "centos-9", "rpm-repo"), row["error"]
    finally:
        host.sh("rm /usr/bin/apt-get /usr/bin/dpkg-query")


def test_tmp_full(bed, hosts):
    host = hosts["debian-12"]
    host.sh("mount -t tmpfs -o size=64k none /tmp && head -c 65536 /dev/zero >/tmp/full || :")
    try:
        assert "no room for a megabyte in /tmp" in checked(bed, host)["temporary files"][0]
    finally:
        host.sh("umount /tmp")
    assert "temporary files" not in checked(bed, host)


FORBIDDEN = {
    "a pin": (
        "debian-13", "pins", "pinned with a negative priority in /etc/apt/preferences.d/no-docker",
        "printf 'Package: docker*\\nPin: version *\\nPin-Priority: -1\\n' >/etc/apt/preferences.d/no-docker",
        "rm /etc/apt/preferences.d/no-docker",
    ),
    "an exclude": (
        "centos-9-lookalike", "excludes", "/etc/dnf/dnf.conf, line ",
        "cp -p /etc/dnf/dnf.conf /root/ && printf 'exclude=docker*,foo\\n' >>/etc/dnf/dnf.conf",
        "cp -p /root/dnf.conf /etc/dnf/",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_what_the_host_forbids_to_install_is_seen_before_an_apply(bed, hosts, kind):
    slug, name, said, forbid, allow = FORBIDDEN[kind]
    host = hosts[slug]
    host.sh(forbid)
    try:
        assert said in checked(bed, host)[name][0]
        refused = provisioner(bed, "apply", host.target, *source(bed), "--yes")
        assert (refused.returncode, said in refused.stdout) == (8, True), refused.stdout
    finally:
        host.sh(allow)
    assert name not in checked(bed, host)


OBSTACLES = {
    "a full cache of apt": (
        "debian-13", "room for packages", "/var/cache/apt/archives has no room",
        "mount -t tmpfs -o size=6m cache /var/cache/apt/archives", "umount -l /var/cache/apt/archives",
    ),
    "no inode for packages": (
        "debian-13", "inodes", "inodes are free on the file system of /var/lib/dpkg",
        "mkdir -p /mnt/dpkg && mount -t tmpfs -o nr_inodes=50 few /mnt/dpkg && mount --bind /mnt/dpkg /var/lib/dpkg",
        "umount -l /var/lib/dpkg; umount -l /mnt/dpkg",
    ),
    "a broken database of dpkg": (
        "debian-13", "apt", "/var/lib/dpkg/status",
        "cp -p /var/lib/dpkg/status /root/ && printf 'garbage\\n' >>/var/lib/dpkg/status",
        "cp -p /root/status /var/lib/dpkg/",
    ),
    "a read-only database of dpkg": (
        "debian-13", "file systems", "/var/lib/dpkg is mounted read-only",
        "mount --bind /var/lib/dpkg /var/lib/dpkg && mount -o remount,bind,ro /var/lib/dpkg", "umount -l /var/lib/dpkg",
    ),
    "no list of authorities": (
        "debian-13", "CA certificates", "its list of authorities is not there",
        "mv /etc/ssl/certs/ca-certificates.crt /root/", "mv /root/ca-certificates.crt /etc/ssl/certs/",
    ),
    "a full cache of dnf": (
        "centos-9-lookalike", "room for packages", "/var/cache/dnf has no room",
        "mount -t tmpfs -o size=6m cache /var/cache/dnf", "umount -l /var/cache/dnf",
    ),
    "a broken database of rpm": (
        "centos-9-lookalike", "rpm", "the database of rpm cannot be read",
        "db=$(rpm -E %_dbpath) && cp -a $db /root/db && for f in $db/*; do printf garbage >$f; done",
        "db=$(rpm -E %_dbpath) && rm -r $db && mv /root/db $db",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", OBSTACLES)
def test_what_keeps_packages_out_is_seen(bed, hosts, kind):
    slug, name, said, break_it, mend = OBSTACLES[kind]
    host = hosts[slug]
    host.sh(break_it)
    try:
        found = checked(bed, host)
        assert said in found.get(name, ("",))[0], found
    finally:
        host.sh(mend)


# What is in the way of an installation from the bed's source: what makes it so, what undoes that, and what is said.
IN_THE_WAY = {
    "a dead proxy of apt": (
        "debian-13", (), "source proxy", "the proxy 127.0.0.1:9, which /etc/apt/apt.conf.d/90corp:1 sets for ",
        "echo 'Acquire::http::Proxy \"http://127.0.0.1:9\";' >/etc/apt/apt.conf.d/90corp",
        "rm /etc/apt/apt.conf.d/90corp",
    ),
    "a dead proxy of dnf": (
        "centos-9-lookalike", (), "source proxy", "the proxy 127.0.0.1:9, which /etc/dnf/dnf.conf:",
        "cp -p /etc/dnf/dnf.conf /root/ && echo proxy=http://127.0.0.1:9 >>/etc/dnf/dnf.conf",
        "cp -p /root/dnf.conf /etc/dnf/",
    ),
    "a held package of somebody else": (
        "debian-13", (), "held packages", "an engine needs libxtables12 in a state that it is not in, and it is held",
        "apt-get -q update && apt-get -y -q purge iptables libxtables12 && apt-mark hold libxtables12",
        "apt-mark unhold libxtables12 && apt-get -y -q install --no-install-recommends iptables",
    ),
    "apt told to fetch and no more": (
        "debian-13", (), "settings", "apt installs nothing of what it fetches",
        "echo 'APT::Get::Download-Only \"true\";' >/etc/apt/apt.conf.d/99only", "rm /etc/apt/apt.conf.d/99only",
    ),
    "sources of apt in another place": (
        "debian-13", (), "settings", "apt does not read /etc/apt/sources.list.d",
        "echo 'Dir::Etc::SourceParts \"/etc/apt/vendor.d\";' >/etc/apt/apt.conf.d/99parts",
        "rm /etc/apt/apt.conf.d/99parts",
    ),
    "a folder of keys that apt's account cannot read": (
        "debian-13", (), "keys", "_apt cannot go through /etc/apt/keyrings",
        "mkdir -p /etc/apt/keyrings && chmod 700 /etc/apt/keyrings", "chmod 755 /etc/apt/keyrings",
    ),
    "dnf told to say no": (
        "centos-9-lookalike", (), "settings", "every question is answered with no",
        "cp -p /etc/dnf/dnf.conf /root/ && echo assumeno=1 >>/etc/dnf/dnf.conf", "cp -p /root/dnf.conf /etc/dnf/",
    ),
    "no versionlock to hold with": (
        "centos-9-lookalike", ("--hold",), "hold", "no repository of this host offers python3-dnf-plugin-versionlock",
        ":", ":",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_what_stops_an_apply_is_seen_before_it(bed, hosts, kind):
    slug, words, name, said, break_it, mend = IN_THE_WAY[kind]
    host, wish = hosts[slug], (*source(bed), *words)
    assert checked(bed, host, *wish[:4]) == {}
    host.sh(break_it)
    try:
        found = checked(bed, host, *wish)
        assert said in found.get(name, ("",))[0], found
    finally:
        host.sh(mend)
    assert checked(bed, host, *wish[:4]) == {}


def test_the_distributions_engine_needs_a_way_to_its_archive(bed, hosts):
    host, wish = hosts["debian-13"], ("--strategy", "distro-packages")
    host.write("/etc/apt/apt.conf.d/90corp", 'Acquire::http::Proxy "http://127.0.0.1:9";\n')
    try:
        assert "no package can come: the proxy 127.0.0.1:9" in checked(bed, host, *wish)["archive proxy"][0]
        refused = provisioner(bed, "apply", host.target, *wish, "--yes")
        assert (refused.returncode, "127.0.0.1:9" in refused.stdout) == (8, True), refused.stdout
    finally:
        host.sh("rm /etc/apt/apt.conf.d/90corp")
    assert checked(bed, host, *wish) == {}
