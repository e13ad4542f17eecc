from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.facts.kernel_support import kernel_support
from provisioner.facts.network import network
from provisioner.facts.package_state import package_state
from provisioner.facts.storage import storage
from provisioner.remote.gather import _skew

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
tun0\t000010AC\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0
"""
DEP = """kernel/net/bridge/br_netfilter.ko
kernel/fs/overlayfs/overlay.ko.xz
/lib/modules/3.10.0/kernel/drivers/net/veth.ko
"""


def test_routes_are_read_in_the_hosts_byte_order_without_the_default():
    assert [(row.interface, row.network) for row in network({"routes": ROUTES}).routes] == [("tun0", "172.16.0.0/12")]


def test_modules_are_named_without_path_and_suffix():
    assert kernel_support({"modules": DEP}).modules == {"br_netfilter", "overlay", "veth"}


def test_nothing_said_is_nothing_known():
    nothing = kernel_support({})
    assert (nothing.modules, nothing.config, nothing.capabilities, nothing.controllers) == (None, None, None, None)
    assert nothing.availability("veth", "VETH") == "unknown"
    assert network({}).nameservers is None
    assert storage({}).mount_of("/") is None


@pytest.mark.parametrize(
    ("line", "count"),
    [
        pytest.param("/etc/environment:http_proxy=http://p:3128", 1, id="environment"),
        pytest.param('/etc/apt/apt.conf.d/90:Acquire::http::Proxy "http://p:3128";', 1, id="apt"),
        pytest.param('/etc/apt/apt.conf.d/90:Acquire::http::Proxy "DIRECT";', 0, id="apt-direct"),
        pytest.param("/etc/yum.conf:proxy=_none_", 0, id="yum-none"),
        pytest.param("/etc/dnf/dnf.conf:proxy = http://p:3128", 1, id="dnf"),
        pytest.param("/etc/environment:https_proxy=", 0, id="empty"),
    ],
)
def test_a_proxy_counts_when_it_has_a_value(line, count):
    assert len(network({"proxies": line + "\n"}).proxies) == count


def test_the_last_and_longest_mount_point_is_the_one_a_path_is_on():
    mounts = (
        "/dev/a / ext4 rw 0 0\n/dev/b /var xfs rw 0 0\n/dev/c /var/lib\\040x ext4 ro 0 0\ntmpfs /var tmpfs rw 0 0\n"
    )
    found = storage({"mounts": mounts})
    assert found.mount_of("/var/lib").kind == "tmpfs"
    assert found.mount_of("/variety").kind == "ext4"
    assert found.mount_of("/var/lib x/y").read_only


def test_packages_that_dpkg_left_half_done_are_named():
    assert package_state({"broken-packages": "Package: nginx\nPackage: nginx\n"}).broken == ("nginx",)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        pytest.param(1000, 0.0, id="same"),
        pytest.param(999, -0.5, id="half-a-second-behind"),
        pytest.param(1015, 0.0, id="while-the-answer-took-20-s"),
        pytest.param(1100, 80.0, id="ahead"),
        pytest.param(900, -99.5, id="behind"),
    ],
)
def test_a_clock_is_blamed_only_for_what_the_time_of_the_answer_does_not_explain(clock, expected):
    assert _skew(clock, asked=1000.5, answered=1020.0) == expected


FRAMES = [
    *("filesystems", "kernel-config", "modules", "cgroups", "cgroup-controllers", "uid-map", "open-files", "mounts"),
    *("inodes", "routes", "proxies", "package-locks", "resolv-conf", "xfs-info", "broken-packages", "capabilities"),
]


@given(st.dictionaries(st.sampled_from(FRAMES), st.text(max_size=80)))
def test_odd_frames_never_raise(single):
    kernel_support(single)
    storage(single)
    network(single)
    package_state(single)
