"""What the kernel of a host offers to a container engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from provisioner.host_files.lines import lines

Availability = Literal["present", "missing", "unknown"]

SYS_ADMIN = 21
NET_ADMIN = 12
SYS_RESOURCE = 24
"""Bit numbers of capabilities (include/uapi/linux/capability.h)."""

WHOLE_RANGE = (0, 4294967295)


@dataclass(frozen=True, slots=True)
class KernelSupport:
    """None means that the host did not say, which is no reason to refuse it.

    `config` holds the CONFIG_ options of the running kernel that are set, without the prefix. `modules` are those
    built in or in the module directory of the running kernel; None when there is no such directory, and then
    `other_kernels` are the kernels that have one. `controllers` are the enabled control group controllers.
    `capabilities` is the effective set of the process that gathered the facts.
    """

    filesystems: frozenset[str] | None = None
    config: Mapping[str, str] | None = None
    modules: frozenset[str] | None = None
    other_kernels: tuple[str, ...] = ()
    loaded: frozenset[str] = frozenset()
    xt_matches: frozenset[str] | None = None
    namespaces: frozenset[str] | None = None
    controllers: frozenset[str] | None = None
    capabilities: int | None = None
    user_namespace: bool = False
    open_files: int | None = None
    userland_bits: int | None = None

    def availability(self, module: str, option: str) -> Availability:
        """Whether `module`, which CONFIG_`option` builds, is there or can be loaded."""
        matches = self.xt_matches or frozenset()
        if module in self.loaded or module in (self.filesystems or ()) or module.removeprefix("xt_") in matches:
            return "present"
        if self.config is not None and self.config.get(option) == "y":
            return "present"
        if self.modules is not None:
            return "present" if module in self.modules else "missing"
        if self.config is not None and option not in self.config:
            return "missing"
        return "unknown"

    def may(self, capability: int) -> bool:
        return self.capabilities is None or bool(self.capabilities >> capability & 1)


def kernel_support(single: Mapping[str, str]) -> KernelSupport:
    """Read the frames by name; a frame that is not there leaves its field unknown."""
    modules = frozenset(re.findall(r"/(\w+)\.ko", single.get("modules", "")))
    return KernelSupport(
        filesystems=_last_words(single.get("filesystems")),
        config=_config(single.get("kernel-config")),
        modules=modules or None,
        other_kernels=tuple(single.get("other-modules", "").split()),
        loaded=frozenset(single.get("loaded-modules", "").split()),
        xt_matches=_last_words(single.get("xt-matches")),
        namespaces=_last_words(single.get("namespaces"), each=True),
        controllers=_controllers(single),
        capabilities=_hexadecimal(single.get("capabilities", "")),
        user_namespace=_numbers(single.get("uid-map", "")) not in {(), WHOLE_RANGE},
        open_files=next(iter(_numbers(single.get("open-files", ""))), None),
        userland_bits=next(iter(_numbers(single.get("long-bit", ""))), None),
    )


def _last_words(body: str | None, *, each: bool = False) -> frozenset[str] | None:
    if body is None:
        return None
    return frozenset(body.split() if each else (line.split()[-1] for line in lines(body) if line.strip()))


def _config(body: str | None) -> Mapping[str, str] | None:
    found = dict(re.findall(r"^CONFIG_(\w+)=([ym])$", body or "", re.MULTILINE))
    return found or None


def _controllers(single: Mapping[str, str]) -> frozenset[str] | None:
    if single.get("cgroup-controllers", "").strip():
        return frozenset(single["cgroup-controllers"].split())
    rows = [line.split() for line in lines(single.get("cgroups", "")) if not line.startswith("#")]
    return frozenset(row[0] for row in rows if len(row) == 4 and row[3] == "1") or None


def _hexadecimal(body: str) -> int | None:
    return int(body.strip(), 16) if re.fullmatch(r"[0-9a-fA-F]+", body.strip()) else None


def _numbers(body: str) -> tuple[int, ...]:
    return tuple(int(word) for word in body.split() if word.isdecimal())
