"""Which storage driver an engine gets: overlay2 wherever the kernel has it, else devicemapper on an empty device.

devicemapper is deprecated since 18.09, off by default since 23.0 and gone in 25.0 (docker/cli deprecated.md of 29.7.2).
Its options for direct-lvm are those of moby 20.10; they take effect when the pool is made and never again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from provisioner.errors import BlockedError, UnsupportedError
from provisioner.facts.model import Facts
from provisioner.facts.storage import BlockDevice
from provisioner.plan.model import Step
from provisioner.plan.package_steps import apt_prerequisites, rpm_install
from provisioner.preflight.kernel import overlay2_works
from provisioner.wanted.spec import Spec

REMOVED_IN = 25
PACKAGES = {"apt": ("lvm2", "thin-provisioning-tools")}
RPM_PACKAGES = ("lvm2", "device-mapper-persistent-data")
DIRECT_LVM = {
    "dm.thinp_percent": "95",
    "dm.thinp_metapercent": "1",
    "dm.thinp_autoextend_threshold": "80",
    "dm.thinp_autoextend_percent": "20",
    "dm.directlvm_device_force": "false",
}
USABLE = ("disk", "part", "mpath", "raid")


@dataclass(frozen=True, slots=True)
class StorageChoice:
    """`daemon` are the keys of daemon.json, `steps` what must be done before the engine starts with them."""

    daemon: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()


def storage_choice(facts: Facts, spec: Spec, version: str, *, installs: bool) -> StorageChoice:
    """Return what `spec.storage` means for this host; `version` is that of the engine that comes, "" for the newest.

    An engine that is there keeps its driver: another one would not see its images.

    Raises:
        UnsupportedError: the engine that comes has no devicemapper, or the kernel no overlay2.
        BlockedError: the device is not empty, or cannot be seen to be.
    """
    wanted = spec.storage
    if wanted is None or not spec.install:
        return StorageChoice()
    info = facts.engine.info
    if info and not installs:
        return StorageChoice(warnings=_other_driver(info.storage_driver, wanted.driver))
    if overlay2_works(facts):
        left_alone = f"the kernel {facts.kernel} has overlay2, so {wanted.direct_lvm_device} is left alone"
        warnings = (left_alone,) if wanted.driver == "devicemapper" else ()
        kept = [driver for driver in facts.storage.drivers if driver != "overlay2"]
        if kept and "overlay2" not in facts.storage.drivers:
            raise BlockedError(
                f"images and containers here are kept by {', '.join(kept)}; overlay2 would not see them",
                hint=f"save what you need with docker save and docker cp, then move {facts.storage.data_root} away",
            )
        return StorageChoice({"storage-driver": "overlay2"}, warnings=warnings)
    if wanted.driver == "overlay2":
        raise UnsupportedError(
            f"overlay2 needs kernel 4.0, or 3.10.0-514 of RHEL and CentOS 7; this is {facts.kernel}",
            hint="upgrade the kernel, or storage: {driver: devicemapper, direct_lvm_device: /dev/...}",
        )
    major = version.partition(".")[0]
    if not major.isdecimal() or int(major) >= REMOVED_IN:
        raise UnsupportedError(
            f"Docker Engine {version or 'in its newest version'} has no devicemapper: it is gone since {REMOVED_IN}.0",
            hint=f"upgrade the kernel, which gives overlay2, or stay below it: --docker-version {REMOVED_IN - 1}",
        )
    if "devicemapper" in facts.storage.drivers:
        return StorageChoice({"storage-driver": "devicemapper"})
    device = str(wanted.direct_lvm_device)
    problem = _against(device, facts.storage.devices)
    if problem:
        raise BlockedError(
            f"{device} cannot become devicemapper's: {problem}. Nothing was changed.",
            hint=_way_out(facts.storage.devices),
        )
    options = [f"{name}={value}" for name, value in {"dm.directlvm_device": device, **DIRECT_LVM}.items()]
    return StorageChoice(
        {"storage-driver": "devicemapper", "storage-opts": options},
        steps=_packages(facts),
        warnings=(f"the engine takes over {device} whole: it makes an LVM thin pool of it",),
    )


def _other_driver(there: str, wanted: str) -> tuple[str, ...]:
    if there in {wanted, "overlay2", "overlayfs"}:
        return ()
    return (f"the engine here keeps its storage driver {there}: with {wanted} it would not see its images",)


def _against(name: str, devices: tuple[BlockDevice, ...] | None) -> str:
    """Return why this device may carry somebody's data, "" when it is seen to be empty."""
    if devices is None:
        return "lsblk is missing on this host, so nobody can see what is on it"
    device = next((device for device in devices if device.name == name), None)
    if device is None:
        return "there is no such block device under this name"
    if not device.kind.startswith(USABLE):
        return f"it is of the kind {device.kind}; a whole disk or a partition is needed"
    if device.read_only:
        return "it is read-only"
    if device.mount_point:
        return f"it is mounted on {device.mount_point}"
    if device.parts:
        return f"it carries {', '.join(device.parts)}"
    if device.file_system:
        return f"it carries {device.file_system}"
    if device.signatures is None:
        return "wipefs could not look at it, so nobody can see whether it is empty"
    if device.signatures:
        return f"it carries signatures: {device.signatures}"
    return ""


def _way_out(devices: tuple[BlockDevice, ...] | None) -> str:
    empty = [device.name for device in devices or () if not _against(device.name, devices)]
    if empty:
        return f"empty here: {', '.join(empty)}"
    return "give it an empty disk; one with data that nobody needs is emptied with wipefs -a DEVICE"


def _packages(facts: Facts) -> tuple[Step, ...]:
    needed = PACKAGES.get(facts.package_manager, RPM_PACKAGES)
    missing = [name for name in needed if name not in facts.packages]
    if not missing:
        return ()
    why = "devicemapper makes its thin pool with them"
    if facts.package_manager == "apt":
        return (apt_prerequisites("storage-packages", why, missing),)
    title = f"install {' '.join(missing)}"
    return (rpm_install("storage-packages", title, why, missing, manager=facts.package_manager),)
