"""Kernel, architecture, control groups.

Sources: docs.docker.com storage driver pages, moby contrib/check-config.sh of 29.7.2, moby 20.10's check of the
kernel version (removed in 23.0), read 2026-11-23.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.facts.model import Facts
from provisioner.preflight.finding import Finding, Subject, failed, passed, warned

OLDEST = (3, 10)
ARCHITECTURES = {
    "deb": frozenset({"x86_64", "aarch64", "armv7l", "armv8l", "s390x", "ppc64le"}),
    "rpm": frozenset({"x86_64", "aarch64", "s390x"}),
}
"""What Docker builds packages for, as `uname -m` has it (docs.docker.com install pages, mid-2026)."""

FEATURES = {
    "bridge": "BRIDGE",
    "veth": "VETH",
    "nf_nat": "NF_NAT",
    "xt_addrtype": "NETFILTER_XT_MATCH_ADDRTYPE",
    "xt_conntrack": "NETFILTER_XT_MATCH_CONNTRACK",
}
"""Modules that the engine's default network needs, and the kernel option that builds each."""

NAMESPACES = ("pid", "net", "ipc", "uts", "mnt")
EL = frozenset({"rhel", "centos", "rocky", "almalinux", "ol"})


def kernel_version(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    if facts.kernel_version >= OLDEST:
        yield passed("kernel", f"{facts.kernel}; 3.10 or newer is needed")
        return
    yield failed(
        "kernel",
        f"the kernel is {facts.kernel}; Docker Engine needs 3.10 or newer",
        "upgrade the kernel or the distribution first",
        "apply",
        unsupported=True,
    )


def architecture(subject: Subject) -> Iterator[Finding]:
    facts, platform = subject.facts, subject.platform
    built = ARCHITECTURES.get(platform.family if platform else "", frozenset().union(*ARCHITECTURES.values()))
    narrow = facts.package_arch in {"i386", "i686", "armel"} or (
        facts.package_manager != "apt" and facts.kernel_support.userland_bits == 32
    )
    if facts.arch in built and not narrow:
        mixed = " under a 64 bit kernel" if facts.package_arch == "armhf" and facts.arch == "aarch64" else ""
        yield passed("architecture", f"{facts.arch}, packages for {facts.package_arch}{mixed}")
        return
    what = f"Docker builds no packages for {facts.arch}"
    way_out = "use a machine of another architecture, or the distribution's own packages"
    if facts.arch in built:
        what = f"the kernel is {facts.arch}, but the system on it is 32 bit ({facts.package_arch})"
        way_out = "reinstall with the 64 bit release of the distribution"
    if platform and platform.distro_packages and subject.spec.strategy in {"auto", "distro-packages"}:
        own = " ".join(platform.distro_packages)
        yield warned("architecture", f"{what}; only the distribution's {own} can be installed")
        return
    yield failed("architecture", what, way_out, "install", unsupported=True)


def features(subject: Subject) -> Iterator[Finding]:
    support, kernel = subject.facts.kernel_support, subject.facts.kernel
    if subject.healthy:
        yield passed("kernel features", "the running engine uses them")
        return
    state = {name: support.availability(name, option) for name, option in FEATURES.items()}
    missing = [name for name, found in state.items() if found == "missing"]
    unknown = [name for name, found in state.items() if found == "unknown"]
    if unknown and support.modules is None and support.other_kernels:
        yield failed(
            "kernel features",
            f"there are no modules for the running kernel {kernel}, only for {', '.join(support.other_kernels)}: "
            "the kernel was upgraded since the last boot",
            "reboot this host",
            "start",
        )
    elif missing:
        yield failed(
            "kernel features",
            f"the kernel {kernel} lacks {', '.join(missing)}, without which containers get no network",
            _missing_modules(subject, missing),
            "start",
        )
    elif unknown:
        yield passed("kernel features", f"not to be seen from here: {', '.join(unknown)}")
    else:
        yield passed("kernel features", ", ".join(FEATURES))


def _missing_modules(subject: Subject, missing: list[str]) -> str:
    facts = subject.facts
    names = " ".join(missing)
    if facts.os.id in {*EL, "fedora"}:
        return (
            f"dnf install kernel-modules-extra-{facts.kernel} && modprobe -a {names}; if there is no such package "
            "any more: dnf install kernel kernel-modules-extra, then reboot"
        )
    if facts.os.id == "ubuntu" or "ubuntu" in facts.os.id_like:
        return f"apt-get install linux-modules-extra-{facts.kernel} && modprobe -a {names}"
    return "boot the distribution's standard kernel, or one built with moby's contrib/check-config.sh in mind"


def namespaces(subject: Subject) -> Iterator[Finding]:
    known = subject.facts.kernel_support.namespaces
    missing = [name for name in NAMESPACES if known is not None and name not in known]
    if missing:
        yield failed(
            "namespaces",
            f"the kernel has no {', '.join(missing)} namespaces",
            "boot the distribution's standard kernel",
            "start",
            unsupported=True,
        )


def control_groups(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    mounts = facts.storage.mounts
    if not mounts:
        return
    first = {word for mount in mounts if mount.kind == "cgroup" for word in mount.options}
    unified = any(mount.kind == "cgroup2" for mount in mounts)
    usable = facts.kernel_support.controllers or frozenset()
    if not first & {"memory", "cpu", "devices"}:
        if unified:
            yield from _unified(subject, usable)
        elif facts.init in {"sysvinit", "upstart"} and usable:
            yield passed("control groups", "not mounted; the engine's init script does that")
        else:
            yield failed(
                "control groups",
                "no control groups are mounted",
                "install cgroupfs-mount (Debian, Ubuntu) or cgroup-lite, or boot with systemd",
                "start",
            )
        return
    kind = "v1 (hybrid)" if unified else "v1"
    if "devices" not in first:
        hint = "mount it: mount -t cgroup -o devices cgroup /sys/fs/cgroup/devices"
        yield failed("control groups", f"{kind}, without the devices controller", hint, "start")
        return
    absent = [name for name in ("memory", "cpu", "cpuset", "freezer", "pids") if name not in first]
    yield from _controllers(kind, absent)


def _unified(subject: Subject, usable: frozenset[str]) -> Iterator[Finding]:
    if subject.engine_major < 20:
        yield failed(
            "control groups",
            f"control groups v2 only; Docker Engine {subject.engine_major} knows v1",
            "install 20.10 or newer, or boot with systemd.unified_cgroup_hierarchy=0",
            "start",
        )
        return
    absent = [name for name in ("memory", "cpu", "cpuset", "pids", "io") if usable and name not in usable]
    yield from _controllers("v2", absent)


def _controllers(kind: str, absent: list[str]) -> Iterator[Finding]:
    if not absent:
        yield passed("control groups", kind)
        return
    way_out = "boot with cgroup_enable=memory cgroup_memory=1" if "memory" in absent else ""
    yield warned("control groups", f"{kind}, without {', '.join(absent)}: limits of that kind do not work", way_out)


def overlay(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    if subject.healthy:
        driver = facts.engine.info.storage_driver if facts.engine.info else "in use"
        yield passed("overlay", f"the running engine's storage driver is {driver}")
        return
    available = facts.kernel_support.availability("overlay", "OVERLAY_FS")
    enough = overlay2_works(facts)
    storage = subject.spec.storage
    if not enough and storage and storage.driver == "devicemapper":
        yield _devicemapper(subject, storage.direct_lvm_device or "")
        return
    if available == "missing":
        problem = f"the kernel {facts.kernel} has no overlay file system"
    elif not enough:
        problem = f"overlay2 needs kernel 4.0, or 3.10.0-514 of RHEL and CentOS; this is {facts.kernel}"
    else:
        yield passed("overlay", "overlay2 can be used" if available == "present" else "not to be seen from here")
        return
    if subject.engine_major < 24:
        older = "devicemapper or aufs" if not enough else "another storage driver"
        yield warned(
            "overlay",
            f"{problem}; Docker Engine {subject.engine_major} would use {older}",
            "upgrade the kernel, or give it a device: storage: {driver: devicemapper, direct_lvm_device: /dev/...}",
        )
        return
    yield failed("overlay", problem, "upgrade the kernel; without overlay2 every layer is a full copy", "start")


def _devicemapper(subject: Subject, device: str) -> Finding:
    kernel = subject.facts.kernel
    if subject.engine_major < 25:
        return passed("overlay", f"not with kernel {kernel}; devicemapper on {device} instead")
    return failed(
        "overlay",
        f"kernel {kernel} has no overlay2, and the engine to be installed no devicemapper: it is gone since 25.0",
        "upgrade the kernel, or stay below it: --docker-version 24",
        "start",
        unsupported=True,
    )


def overlay2_works(facts: Facts) -> bool:
    """Kernels since 4.0, and those of RHEL and CentOS 7 since 7.3, which have it backported."""
    build = re.match(r"3\.10\.0-(\d+)", facts.kernel)
    return facts.kernel_version >= (4, 0) or bool(build and int(build.group(1)) >= 514 and "el7" in facts.kernel)


CHECKS = (kernel_version, architecture, features, namespaces, control_groups, overlay)
