from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import BlockedError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.facts.storage import Storage, block_devices
from provisioner.planner.planner import plan
from provisioner.preflight import check
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING, sample
from tests.offered import good

LSBLK = """NAME="/dev/sda" TYPE="disk" SIZE="64424509440" RO="0" FSTYPE="" MOUNTPOINT="" PKNAME=""
NAME="/dev/sda1" TYPE="part" SIZE="1073741824" RO="0" FSTYPE="xfs" MOUNTPOINT="/boot" PKNAME="/dev/sda"
NAME="/dev/sdb" TYPE="disk" SIZE="107374182400" RO="0" FSTYPE="" MOUNTPOINT="" PKNAME=""
NAME="/dev/sdc" TYPE="disk" SIZE="107374182400" RO="0" FSTYPE="LVM2_member" MOUNTPOINT="" PKNAME=""
NAME="/dev/mapper/vg-data" TYPE="lvm" SIZE="107374182400" RO="0" FSTYPE="" MOUNTPOINT="" PKNAME="/dev/sdc"
NAME="/dev/sdd" TYPE="disk" SIZE="107374182400" RO="0" FSTYPE="" MOUNTPOINT="" PKNAME=""
NAME="/dev/sde" TYPE="disk" SIZE="107374182400" RO="1" FSTYPE="" MOUNTPOINT="" PKNAME=""
NAME="/dev/sdf" TYPE="disk" SIZE="107374182400" RO="0" FSTYPE="" MOUNTPOINT="/srv/my disk" PKNAME=""
NAME="/dev/sdg" TYPE="disk" SIZE="107374182400" RO="0" FSTYPE="ext4" MOUNTPOINT="" PKNAME=""
NAME="/dev/sdh" TYPE="disk" SIZE="107374182400" RO="0" FSTYPE="" MOUNTPOINT="" PKNAME=""
NAME="/dev/sr0" TYPE="rom" SIZE="1073741312" RO="0" FSTYPE="" MOUNTPOINT="" PKNAME=""
"""
SIGNATURES = """/dev/sda 0x1fe,,,dos
/dev/sda1 0x0,5f0e,,xfs
/dev/sdb
/dev/sdc 0x218,VBs,,LVM2_member
/dev/sdd 0x200,,,gpt
/dev/sde
/dev/sdf
/dev/sdg 0x438,a1,,ext4
"""
DEVICES = block_devices({"block-devices": LSBLK, "signatures": SIGNATURES})
CENTOS = replace(
    BARE,
    os=sample("centos-7"),
    package_manager="yum",
    package_arch="x86_64",
    kernel="3.10.0-327.el7.x86_64",
    storage=Storage(devices=DEVICES),
)
VERSIONS = ("3:20.10.24-3.el7", "3:24.0.9-1.el7", "3:26.1.4-1.el7")


def planned(facts=CENTOS, device="/dev/sdb", version="24", driver="devicemapper", **more):
    storage = {"driver": driver, "direct_lvm_device": device} if device else {"driver": driver}
    reach = (good("official", VERSIONS, suites=("centos/7",)),)
    return plan("h", Host.of(facts), reach, Spec(storage=storage, version=version, **more))


def step(plan, name):
    return next(step for step in plan.steps if step.id == name)


def test_an_old_kernel_gets_devicemapper_on_the_device_with_what_makes_its_pool():
    found = planned(registry_mirrors=["https://m.example"])
    assert [row.id for row in found.steps] == ["source", "packages", "storage-packages", "daemon-config", "service"]
    assert step(found, "storage-packages").params["packages"] == ["lvm2", "device-mapper-persistent-data"]
    text = step(found, "daemon-config").diffs[0].after
    assert '"storage-driver": "devicemapper"' in text
    assert '"dm.directlvm_device=/dev/sdb"' in text
    assert '"dm.directlvm_device_force=false"' in text
    assert any("takes over /dev/sdb whole" in warning for warning in found.warnings)
    assert "lvm2" in apply_script(found)


def test_on_debian_the_tools_have_another_name():
    facts = replace(CENTOS, os=sample("debian-8"), package_manager="apt", kernel="3.16.0-4-amd64")
    reach = (good("official", ("18.06.3~ce~3-0~debian",), suites=("debian/jessie",)),)
    storage = {"driver": "devicemapper", "direct_lvm_device": "/dev/sdb"}
    found = plan("h", Host.of(facts), reach, Spec(storage=storage, version="18.06"))
    assert step(found, "storage-packages").params["packages"] == ["lvm2", "thin-provisioning-tools"]


@pytest.mark.parametrize("kernel", ["3.10.0-514.el7.x86_64", "3.10.0-1160.el7.x86_64", "4.0.0", "6.1.0"])
def test_overlay2_is_taken_wherever_the_kernel_has_it(kernel):
    found = planned(replace(CENTOS, kernel=kernel))
    assert '"storage-driver": "overlay2"' in step(found, "daemon-config").diffs[0].after
    assert "storage-packages" not in [row.id for row in found.steps]
    assert any("/dev/sdb is left alone" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("device", "why"),
    [
        ("/dev/sda", "carries /dev/sda1"),
        ("/dev/sda1", "mounted on /boot"),
        ("/dev/sdc", "carries /dev/mapper/vg-data"),
        ("/dev/mapper/vg-data", "of the kind lvm"),
        ("/dev/sdd", "signatures: 0x200,,,gpt"),
        ("/dev/sde", "read-only"),
        ("/dev/sdf", "mounted on /srv/my disk"),
        ("/dev/sdg", "carries ext4"),
        ("/dev/sdh", "wipefs could not look"),
        ("/dev/sr0", "of the kind rom"),
        ("/dev/sdz", "no such block device"),
    ],
)
def test_a_device_that_may_carry_data_is_refused_with_the_reason(device, why):
    with pytest.raises(BlockedError, match=why) as refused:
        planned(device=device)
    assert refused.value.hint == "empty here: /dev/sdb"


def test_without_lsblk_no_device_is_taken():
    with pytest.raises(BlockedError, match="lsblk is missing"):
        planned(replace(CENTOS, storage=Storage()))


@pytest.mark.parametrize("version", ["26.1", "26.1.4", None])
def test_engines_without_devicemapper_are_refused_with_the_reason(version):
    with pytest.raises(UnsupportedError, match=r"gone since 25\.0"):
        planned(version=version)


def test_overlay2_on_an_old_kernel_is_refused():
    with pytest.raises(UnsupportedError, match=r"overlay2 needs kernel 4\.0"):
        planned(device=None, driver="overlay2", version="20.10")


def test_a_running_engine_keeps_its_driver_and_is_as_wanted():
    there = replace(
        RUNNING,
        os=CENTOS.os,
        package_manager="yum",
        kernel=CENTOS.kernel,
        packages={"docker-ce": "3:24.0.9-1.el7"},
        engine=replace(RUNNING.engine, info=replace(INFO, version="24.0.9", storage_driver="devicemapper")),
    )
    found = planned(there)
    assert found.empty
    assert found.warnings == ()
    other = replace(there, engine=replace(there.engine, info=replace(INFO, version="24.0.9", storage_driver="aufs")))
    assert any("keeps its storage driver aufs" in warning for warning in planned(other).warnings)


def test_images_of_another_driver_are_not_put_out_of_sight():
    facts = replace(CENTOS, kernel="4.18.0", storage=Storage(drivers=("devicemapper",)))
    with pytest.raises(BlockedError, match="kept by devicemapper"):
        planned(facts)


def test_the_preflight_knows_of_it():
    spec = Spec(storage={"driver": "devicemapper", "direct_lvm_device": "/dev/sdb"}, version="24")
    (finding,) = (row for row in check(Host.of(CENTOS), spec, installs=True) if row.name == "overlay")
    assert (finding.verdict, finding.detail) == (
        "pass",
        "not with kernel 3.10.0-327.el7.x86_64; devicemapper on /dev/sdb instead",
    )


@pytest.mark.parametrize(
    ("storage", "why"),
    [
        ({"driver": "devicemapper"}, "needs direct_lvm_device"),
        ({"driver": "overlay2", "direct_lvm_device": "/dev/sdb"}, "goes with driver devicemapper"),
        ({"driver": "devicemapper", "direct_lvm_device": "sdb"}, "not a block device"),
        ({"driver": "devicemapper", "direct_lvm_device": "/dev/sd b"}, "not a block device"),
        ({"driver": "zfs"}, "overlay2"),
    ],
)
def test_a_storage_that_makes_no_sense_is_refused(storage, why):
    with pytest.raises(ValueError, match=why):
        Spec(storage=storage)


def test_storage_is_said_in_one_place():
    with pytest.raises(ValueError, match="not with both"):
        Spec(storage={"driver": "overlay2"}, daemon={"storage-driver": "overlay2"})
