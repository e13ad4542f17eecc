"""os-release, lsb-release and redhat-release of a host, read by package `distro` away from that host.

`LinuxDistribution(os_release_file=...)` would still look at this machine's /etc/debian_version, so the host's
files are laid out below a temporary root. The attributes are lazy: all are read before the directory goes.
"""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from provisioner.facts.model import OperatingSystem

FILES = ("os-release", "lsb-release", "redhat-release", "centos-release", "debian_version")
RPM_BASE = "rpm-base"
"""The frame with what rpm's macros %rhel and %fedora say, such as el9 or f43."""


def operating_system(texts: Mapping[str, str]) -> OperatingSystem:
    """Return what the files in `texts` (name below /etc -> content) say about the distribution."""
    return _read(tuple((name, texts[name]) for name in FILES if name in texts), texts.get(RPM_BASE, "").strip())


@functools.lru_cache(maxsize=256)
def _read(texts: tuple[tuple[str, str], ...], rpm_base: str) -> OperatingSystem:
    import distro

    with tempfile.TemporaryDirectory(prefix="provisioner-") as root:
        etc = Path(root, "etc")
        etc.mkdir()
        for name, text in texts:
            (etc / name).write_text(text, encoding="utf-8", errors="surrogateescape")
        host = distro.LinuxDistribution(root_dir=root)
        release = host.os_release_info()
        identifier = release.get("id") or host.id()
        return OperatingSystem(
            id=identifier.lower(),
            version_id=release.get("version_id") or _version(host.version()),
            name=release.get("pretty_name") or host.name(pretty=True) or "",
            codename=release.get("version_codename") or host.codename().lower() or "",
            ubuntu_codename=release.get("ubuntu_codename", ""),
            debian_codename=release.get("debian_codename", ""),
            id_like=tuple(release.get("id_like", "").lower().split()),
            base=_base(release.get("platform_id", "")) or _base(rpm_base),
        )


def _base(said: str) -> str:
    """`platform:el9`, `el9` -> `el9`; "" for what is neither Enterprise Linux's nor Fedora's."""
    found = re.fullmatch(r"(?:platform:)?((?:el|f)\d+)", said)
    return found[1] if found else ""


def _version(text: str) -> str:
    """debian_version says "forky/sid" before a release: that is no version."""
    return "" if "/" in text else text
