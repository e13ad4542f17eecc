from __future__ import annotations

from dataclasses import replace

from provisioner.facts.host import Host
from provisioner.facts.kernel_support import KernelSupport
from provisioner.facts.model import OperatingSystem
from provisioner.preflight import check
from provisioner.wanted.spec import Spec
from tests.hosts import BARE


def test_el_10_without_the_extra_modules_is_told_which_package_has_them():
    facts = replace(
        BARE,
        os=OperatingSystem(id="centos", version_id="10", name="CentOS Stream 10"),
        package_manager="dnf",
        kernel="6.12.0-55.el10.x86_64",
        kernel_support=KernelSupport(modules=frozenset({"overlay", "bridge", "veth", "nf_nat", "xt_conntrack"})),
    )
    (finding,) = [row for row in check(Host.of(facts), Spec(), installs=True) if row.name == "kernel features"]
    assert finding.verdict == "fail"
    assert "dnf install kernel-modules-extra-6.12.0-55.el10.x86_64" in finding.way_out
