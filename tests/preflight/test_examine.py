from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import BlockedError, DaemonConfigurationError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.facts.kernel_support import KernelSupport
from provisioner.facts.model import Login, OperatingSystem, RunInProgress
from provisioner.facts.network import Network, Proxy, Route
from provisioner.facts.package_state import PackageLock, PackageState
from provisioner.facts.storage import Inodes, Mount, Storage
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_unit import Unit
from provisioner.planner.planner import plan
from provisioner.preflight import blocking_error, check, plan_warnings
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING
from tests.offered import good

GIB = 2**30
EXT4 = (Mount("/", "ext4", ("rw",)), Mount("/sys/fs/cgroup", "cgroup2", ("rw",)))
MODULES = frozenset({"overlay", "bridge", "veth", "nf_nat", "xt_addrtype", "xt_conntrack"})
GOOD = replace(
    BARE,
    kernel_support=KernelSupport(
        filesystems=frozenset({"ext4", "overlay"}),
        modules=MODULES,
        namespaces=frozenset({"pid", "net", "ipc", "uts", "mnt", "user"}),
        controllers=frozenset({"cpu", "cpuset", "io", "memory", "pids"}),
        capabilities=0x1FFFFFFFFFF,
        userland_bits=64,
    ),
    storage=Storage(mounts=EXT4, inodes={"/": Inodes(900_000, 1_000_000)}),
    network=Network(nameservers=("192.0.2.53",), ip_forward=True, iptables="iptables v1.8.10 (nf_tables)"),
    package_state=PackageState(apparmor_parser=True),
    disk_free={"/": 50 * GIB},
    memory=2 * GIB,
    clock_skew=0.0,
)
CENTOS_7 = replace(
    GOOD,
    os=OperatingSystem(id="centos", version_id="7", name="CentOS Linux 7 (Core)"),
    package_manager="yum",
    kernel="3.10.0-1160.el7.x86_64",
)
ENGINE_24 = replace(INFO, version="24.0.7", storage_driver="devicemapper")


def kernel(facts=GOOD, **changes):
    return replace(facts, kernel_support=replace(facts.kernel_support, **changes))


def stored(facts=GOOD, **changes):
    return replace(facts, storage=replace(facts.storage, **changes))


def linked(facts=GOOD, **changes):
    return replace(facts, network=replace(facts.network, **changes))


def packaged(facts=GOOD, **changes):
    return replace(facts, package_state=replace(facts.package_state, **changes))


def on(kind, point="/", options=("rw",), **changes):
    mounts = (*EXT4[1:], Mount("/", "ext4", ("rw",)), Mount(point, kind, options))
    return stored(mounts=mounts, **changes)


def apart(point, megabytes):
    """`point` is a file system of its own, with so much room."""
    return replace(on("ext4", point), disk_free={"/": 50 * GIB, point: megabytes * 2**20})


def with_config(text, **changes):
    return replace(GOOD, daemon_json=HostFile("/etc/docker/daemon.json", text, **changes))


def hub_hosts(text, facts=GOOD):
    return replace(facts, registry_hosts=(HostFile("/etc/docker/certs.d/docker.io/hosts.toml", text),))


def test_a_good_host_passes_everything():
    findings = check(Host.of(GOOD), Spec(), installs=True)
    assert [row for row in findings if row.verdict != "pass"] == []
    assert len(findings) > 15


def test_a_host_of_which_little_is_known_is_not_refused():
    assert blocking_error(check(Host.of(BARE), Spec(), installs=True)) is None


CASES = [
    (
        "a conflict of two sources",
        packaged(apt_problems=("Conflicting values set for option Signed-By: a != b",), apt_files=("/etc/a", "/etc/b")),
        "apt", "fail", "apt does nothing: Conflicting values",
    ),
    ("a malformed source", packaged(apt_problems=("Malformed entry 1 in list file /etc/x",)), "apt", "fail", "/etc/x"),
    ("a full /tmp", packaged(no_room="/tmp"), "temporary files", "fail", "no room for a megabyte in /tmp"),
    ("a run", replace(GOOD, in_progress=RunInProgress("ops@laptop since 10:00")), "other runs", "warn", "ops@laptop"),
    ("kernel-2.6", replace(GOOD, kernel="2.6.32-754.el6.x86_64"), "kernel", "fail", "needs 3.10 or newer"),
    ("i686", replace(CENTOS_7, arch="i686"), "architecture", "fail", "no packages for i686"),
    ("i386-userland", replace(GOOD, package_arch="i386"), "architecture", "warn", "32 bit"),
    ("el-32-bit", kernel(CENTOS_7, userland_bits=32), "architecture", "fail", "32 bit"),
    ("unknown", replace(GOOD, os=OperatingSystem("plan9", "4", "Plan 9")), "distribution", "fail", "id=plan9 version=4"),
    ("no-overlay", kernel(filesystems=frozenset({"ext4"}), modules=MODULES - {"overlay"}), "overlay", "fail", "no overlay"),
    ("old-el7", replace(CENTOS_7, kernel="3.10.0-327.el7.x86_64"), "overlay", "fail", "3.10.0-514"),
    ("el7", CENTOS_7, "overlay", "pass", "overlay2 can be used"),
    ("no-addrtype", kernel(modules=MODULES - {"xt_addrtype"}), "kernel features", "fail", "lacks xt_addrtype"),
    ("addrtype-loaded", kernel(modules=None, xt_matches=frozenset({"addrtype"})), "kernel features", "pass", "not to be seen"),
    ("built-in-elsewhere", kernel(modules=None, config={"BRIDGE": "y"}), "kernel features", "fail", "lacks veth, nf_nat"),
    ("upgraded", kernel(modules=None, other_kernels=("6.8.0-40-generic",)), "kernel features", "fail", "was upgraded"),
    ("namespaces", kernel(namespaces=frozenset({"net"})), "namespaces", "fail", "no pid, ipc, uts, mnt"),
    ("no-cgroups", stored(mounts=EXT4[:1]), "control groups", "fail", "no control groups"),
    ("no-cgroups-sysvinit", stored(replace(GOOD, init="sysvinit"), mounts=EXT4[:1]), "control groups", "pass", "init script"),
    ("v1", stored(mounts=(*EXT4[:1], Mount("/c", "cgroup", ("memory", "cpu", "cpuset", "devices", "freezer", "pids")))), "control groups", "pass", "v1"),
    ("v1-no-devices", stored(mounts=(*EXT4[:1], Mount("/c", "cgroup", ("memory", "cpu")))), "control groups", "fail", "devices"),
    ("v2-no-memory", kernel(controllers=frozenset({"cpu", "cpuset", "io", "pids"})), "control groups", "warn", "without memory"),
    ("ro-usr", on("ext4", "/usr", ("ro",)), "file systems", "fail", "/usr is mounted read-only"),
    ("ostree", stored(ostree=True), "file systems", "fail", "ostree"),
    ("nfs", on("nfs4", "/var/lib/docker"), "data root", "fail", "network file system"),
    ("zfs", on("zfs", "/var"), "data root", "warn", "overlay2 may not work"),
    ("tmpfs", on("tmpfs", "/var/lib/docker"), "data root", "warn", "gone after a reboot"),
    ("ftype-0", on("xfs", "/var", d_type=False), "data root", "fail", "ftype=0"),
    ("ftype-1", on("xfs", "/var", d_type=True), "data root", "pass", "with d_type"),
    ("disk-full", replace(GOOD, disk_free={"/": GIB}), "disk space", "fail", "1.0 GiB free"),
    ("disk-low", replace(GOOD, disk_free={"/": 5 * GIB}), "disk space", "warn", "5.0 GiB free"),
    ("inodes", stored(inodes={"/": Inodes(10_000, 6_000_000)}), "inodes", "warn", "10000 of 6000000"),
    ("no inodes", stored(inodes={"/": Inodes(9, 6_000_000)}), "inodes", "fail", "9 of 6000000"),
    ("no inodes for packages", stored(inodes={"/": Inodes(900_000, 10**6), "/usr": Inodes(0, 10**5)}), "inodes", "fail", "file system of /usr"),
    ("few inodes for packages", stored(inodes={"/": Inodes(900_000, 10**6), "/usr": Inodes(9_000, 10**5)}), "inodes", "pass", "enough"),
    ("a full /usr", apart("/usr", 60), "room for packages", "fail", "the file system of /usr has no room: 60 MB"),
    ("a small /usr", apart("/usr", 300), "room for packages", "warn", "300 MB are free on the file system of /usr"),
    ("a full cache", apart("/var/cache/apt", 6), "room for packages", "fail", "/var/cache/apt/archives has no room"),
    ("a full cache of dnf", replace(apart("/var/cache/dnf", 6), package_manager="dnf"), "room for packages", "fail", "/var/cache/dnf has no room"),
    ("a full database of dpkg", apart("/var/lib/dpkg", 15), "room for packages", "fail", "/var/lib/dpkg has no room"),
    ("a read-only database of dpkg", on("ext4", "/var/lib/dpkg", ("ro",)), "file systems", "fail", "/var/lib/dpkg is mounted read-only"),
    ("a broken database of rpm", packaged(CENTOS_7, rpm_problems=("cannot open Packages database in /var/lib/rpm",)), "rpm", "fail", "cannot open Packages"),
    ("a lost list of authorities", replace(GOOD, ca_certificates=False, packages={"ca-certificates": "1"}), "CA certificates", "fail", "its list of authorities is not there"),
    ("no authorities", replace(GOOD, ca_certificates=False), "CA certificates", "warn", "there are none"),
    ("inodes-btrfs", stored(inodes={"/": Inodes(0, 0)}), "inodes", "pass", "enough"),
    ("devicemapper-left", stored(drivers=("devicemapper",)), "storage driver", "fail", "Docker Engine 25"),
    ("loop-lvm", stored(drivers=("devicemapper",), loop_device="/var/lib/docker/devicemapper/devicemapper/data"), "storage driver", "warn", "loop device"),
    ("no-memory", replace(GOOD, memory=256 * 2**20), "memory", "warn", "256 MiB"),
    ("clock-40", replace(GOOD, clock_skew=-40.0), "clock", "warn", "40 s behind"),
    ("clock-400", replace(GOOD, clock_skew=400.0), "clock", "fail", "400 s ahead"),
    ("no-root", replace(GOOD, login=Login("ops", 1000, ("ops",), "password", "sudo asks for a password")), "privileges", "fail", "ops cannot become root"),
    ("no-capability", kernel(capabilities=0), "virtualization", "fail", "CAP_SYS_ADMIN"),
    ("wsl-1", replace(GOOD, virtualization="wsl", kernel="4.4.0-19041-Microsoft"), "virtualization", "fail", "WSL 1"),
    ("lxc", kernel(replace(GOOD, virtualization="lxc"), user_namespace=True), "virtualization", "warn", "nesting"),
    ("masked", replace(GOOD, units={"docker.socket": Unit("docker.socket", "masked", "inactive", "masked")}), "services", "warn", "docker.socket is masked"),
    ("mixed-iptables", linked(legacy_tables=("nat",)), "iptables", "warn", "legacy rules in nat"),
    ("zone-conflict", linked(running_units=frozenset({"firewalld"}), docker0_zones=("/etc/firewalld/zones/trusted.xml",)), "firewalld", "fail", "ZONE_CONFLICT"),
    ("firewalld", linked(running_units=frozenset({"firewalld"})), "firewalld", "pass", "zone docker"),
    ("no-dns", linked(nameservers=()), "DNS", "warn", "names no server"),
    ("stub-alone", linked(nameservers=("127.0.0.53",)), "DNS", "warn", "nothing listens"),
    ("stub", linked(nameservers=("127.0.0.53",), answers_dns=True), "DNS", "pass", "127.0.0.53"),
    ("four-servers", linked(nameservers=("1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4")), "DNS", "warn", "4 servers"),
    ("vpn", linked(routes=(Route("tun0", "172.16.0.0/12"),)), "address pool", "warn", "172.16.0.0/12 is reached through tun0"),
    ("on-link", linked(routes=(Route("eth0", "172.17.0.0/16", on_link=True),)), "address pool", "pass", "avoided by dockerd"),
    ("redirect", linked(routes=(Route("tun0", "128.0.0.0/1"),)), "address pool", "pass", ""),
    ("no-clash", linked(routes=(Route("eth0", "192.0.2.0/24"),)), "address pool", "pass", "no route"),
    ("proxy", linked(proxies=(Proxy("/etc/environment", "http_proxy=http://p:3128"),)), "proxy", "warn", "/etc/environment"),
    ("snap", replace(GOOD, snap=True), "snap", "fail", "snap"),
    ("podman-docker", replace(CENTOS_7, packages={"podman-docker": "4.9"}), "podman", "fail", "podman-docker"),
    ("conflicts", replace(GOOD, packages={"docker.io": "24"}), "conflicts", "warn", "docker.io"),
    ("kubelet", packaged(kubernetes_node=True), "Kubernetes", "warn", "CRI"),
    ("half-done", packaged(broken=("nginx",)), "unfinished packages", "warn", "nginx"),
    ("held", replace(GOOD, held=frozenset({"docker-ce"})), "held packages", "warn", "docker-ce"),
    ("lock", packaged(locks=(PackageLock("/var/lib/dpkg/lock", 7, "apt-get update"),)), "package lock", "warn", "apt-get update (pid 7) holds"),
    ("apt-daily", linked(running_units=frozenset({"apt-daily"})), "package lock", "warn", "apt-daily runs"),
    ("cloud-init", linked(cloud_init_runs=True), "package lock", "warn", "cloud-init"),
    ("no-parser", packaged(replace(GOOD, apparmor=True), apparmor_parser=False), "AppArmor", "warn", "apparmor_parser"),
    ("broken-json", with_config('{\n  "debug": tru\n}'), "daemon.json", "fail", "line 2"),
    ("immutable", with_config("{}", immutable=True), "daemon.json", "warn", "immutable"),
    ("symlink", with_config("{}", asked="/etc/docker/link.json"), "daemon.json", "pass", "leads to"),
    ("hosts-toml", hub_hosts('[host."https://m.example"]\n'), "hosts.toml", "warn", "https://m.example"),
    ("hosts-toml-inline", hub_hosts('host = { "https://m.example" = { capabilities = ["pull"] } }\n'), "hosts.toml", "warn", "https://m.example"),
    ("hosts-toml-dotted", hub_hosts('host."https://m.example".capabilities = ["pull"]\n'), "hosts.toml", "warn", "https://m.example"),
    ("hosts-toml-comment", hub_hosts('# [host."https://m.example"]\nserver = """\n[host."https://m.example"]\n"""\n'), "hosts.toml", "pass", "does not override"),
    ("hosts-toml-broken", hub_hosts('[host."https://m.example"\n'), "hosts.toml", "warn", "cannot be read"),
    ("hosts-toml-unread", hub_hosts('[host."https://m.example"]\n', replace(RUNNING, network=GOOD.network)), "hosts.toml", "pass", "does not override"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "name", "verdict", "detail"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_what_is_found(facts, name, verdict, detail):
    installs = not facts.engine.installed
    found = [row for row in check(Host.of(facts), Spec(), installs=installs) if row.name == name]
    assert [(row.verdict, detail in row.detail) for row in found if detail in row.detail] == [(verdict, True)]
    if verdict == "fail":
        assert all(row.way_out for row in found)


def test_a_failure_of_the_hosts_nature_is_unsupported_and_any_other_blocks():
    full = replace(GOOD, disk_free={"/": GIB})
    assert isinstance(blocking_error(check(Host.of(full), Spec(), installs=True)), BlockedError)
    both = blocking_error(check(Host.of(replace(full, kernel="2.6.32")), Spec(), installs=True))
    assert isinstance(both, UnsupportedError)
    assert "3.10" in both.message
    assert "1.0 GiB free" in both.message


UNWELL = replace(
    GOOD,
    packages=RUNNING.packages,
    engine=RUNNING.engine,
    units=RUNNING.units,
    disk_free={"/": GIB},
    clock_skew=4000.0,
    kernel_support=replace(GOOD.kernel_support, modules=frozenset({"overlay"})),
)


@pytest.mark.parametrize("install", [True, False], ids=["apply", "mirror-set"])
def test_what_only_an_installation_needs_never_stops_an_engine_that_runs(install):
    findings = check(Host.of(UNWELL), Spec(install=install), installs=False)
    assert [row.name for row in findings if row.verdict == "warn"] == ["clock", "disk space"]
    assert blocking_error(findings) is None
    assert not plan("h", Host.of(UNWELL), (), Spec(registry_mirrors=["https://m.example"], install=install)).empty


def test_an_old_kernel_stops_apply_and_not_a_change_of_mirrors():
    facts = replace(RUNNING, kernel="2.6.32")
    assert plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://m.example"], install=False)).steps
    with pytest.raises(UnsupportedError, match=r"3\.10"):
        plan("h", Host.of(facts), (), Spec())


def test_a_stopped_engine_is_not_started_where_it_cannot_run():
    stopped = replace(
        kernel(modules=MODULES - {"veth"}), packages=RUNNING.packages, engine=replace(RUNNING.engine, pid=0, info=None)
    )
    with pytest.raises(BlockedError, match="lacks veth"):
        plan("h", Host.of(stopped), (), Spec())


def test_foreign_signed_by_conflict_stops_an_upgrade_before_there_is_a_plan():
    files = ("/etc/apt/sources.list.d/code.list", "/etc/apt/sources.list.d/code.sources")
    facts = packaged(
        replace(GOOD, packages=RUNNING.packages, engine=RUNNING.engine, units=RUNNING.units),
        apt_problems=("Conflicting values set for option Signed-By",),
        apt_files=files,
    )
    with pytest.raises(BlockedError, match="apt does nothing: Conflicting values") as refused:
        plan("h", Host.of(facts), (good("official"),), Spec(version="29.4"))
    assert all(file in refused.value.hint for file in files)
    assert not plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://m.example"], install=False)).empty


def test_a_failure_stops_the_plan_before_there_is_one():
    with pytest.raises(BlockedError, match="400 s ahead"):
        plan("h", Host.of(replace(GOOD, clock_skew=400.0)), (), Spec())


def test_a_broken_daemon_json_stops_an_installation_even_if_nothing_is_wanted_of_it():
    with pytest.raises(DaemonConfigurationError, match="line 2"):
        plan("h", Host.of(with_config('{\n  "debug": tru\n}')), (), Spec(strategy="distro-packages"))


@pytest.mark.parametrize(
    ("driver", "version", "refused"),
    [
        pytest.param("devicemapper", "24.0.7", False, id="devicemapper-24"),
        pytest.param("devicemapper", "25.0.0", True, id="devicemapper-25"),
        pytest.param("devicemapper", None, True, id="devicemapper-newest"),
        pytest.param("aufs", "23.0", False, id="aufs-23"),
        pytest.param("aufs", "24", True, id="aufs-24"),
        pytest.param("overlay2", None, False, id="overlay2"),
    ],
)
def test_an_engine_that_lacks_the_hosts_storage_driver_is_not_installed(driver, version, refused):
    facts = replace(GOOD, engine=replace(RUNNING.engine, info=replace(ENGINE_24, storage_driver=driver)))
    assert (blocking_error(check(Host.of(facts), Spec(version=version), installs=True)) is not None) is refused


def test_warnings_reach_a_plan_only_before_an_installation():
    facts = linked(nameservers=())
    findings = check(Host.of(facts), Spec(), installs=True)
    assert plan_warnings(findings, installs=True, mirrors=False)[0].startswith("DNS: ")
    assert plan_warnings(findings, installs=False, mirrors=True) == ()


def test_a_hosts_toml_that_overrides_the_wanted_mirrors_is_in_the_plan():
    info = replace(INFO, version="28.5.2", containerd_store=True)
    facts = hub_hosts('[host."https://m.example"]\n', replace(RUNNING, engine=replace(RUNNING.engine, info=info)))
    warnings = plan("h", Host.of(facts), (), Spec(registry_mirrors=["https://n.example"], install=False)).warnings
    assert any("hosts.toml" in warning for warning in warnings)


def test_a_stopped_engine_without_iptables_is_not_started():
    stopped = replace(linked(iptables=""), packages=RUNNING.packages, engine=replace(RUNNING.engine, pid=0, info=None))
    with pytest.raises(BlockedError, match="iptables"):
        plan("h", Host.of(stopped), (), Spec())
    assert blocking_error(check(Host.of(linked(iptables="")), Spec(), installs=True)) is None


@pytest.mark.parametrize(("version", "verdict"), [("26.1", "fail"), ("28", "pass")])
def test_a_vpn_that_takes_all_routes_keeps_an_older_engine_from_starting(version, verdict):
    facts = linked(routes=(Route("tun0", "0.0.0.0/1"), Route("tun0", "128.0.0.0/1")))
    (row,) = [row for row in check(Host.of(facts), Spec(version=version), installs=True) if row.name == "address pool"]
    assert row.verdict == verdict


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"users": frozenset({"root"})}, "there is no user bob here", id="no account"),
        pytest.param({"users": frozenset({"root", "bob"})}, "", id="an account"),
        pytest.param({"users": frozenset({"root"}), "docker_group": ("bob",)}, "", id="a member"),
        pytest.param(
            {"users": frozenset({"bob"}), "docker_group": ("eve",), "group_elsewhere": True},
            "the group docker comes from a directory, and bob is no member",
            id="a directory's group",
        ),
        pytest.param(
            {"users": frozenset({"bob"}), "docker_group": ("bob",), "group_elsewhere": True}, "", id="a member there"
        ),
    ],
)
@pytest.mark.parametrize("facts", [GOOD, RUNNING], ids=["no engine", "an engine"])
def test_who_is_to_use_docker(facts, changes, says):
    host = Host.of(replace(facts, **changes))
    fails = [row.detail for row in check(host, Spec(users=["bob"]), installs=False) if row.verdict == "fail"]
    assert [row for row in fails if "bob" in row] == ([says] if says else [])
