"""Which program this is: what controller and workers compare, since the scripts they send must be the same."""

from __future__ import annotations

import hashlib
import platform
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from provisioner import __version__

SHIPPED = frozenset({".py", ".j2", ".sh", ".toml", ".json", ".txt"})


@dataclass(frozen=True, slots=True)
class Build:
    """A version of this program, a digest of its code, rows and templates, and of Python what pickles depend on."""

    version: str
    digest: str
    python: str

    def __str__(self) -> str:
        return f"provisioner {self.version} (code {self.digest}) on Python {self.python}"


def this_build() -> Build:
    """Return what is installed here and now: read from the files, not from memory."""
    package = Path(str(files("provisioner")))
    packaged = package / "templates"
    templates = packaged if packaged.is_dir() else package.parent / "templates"
    named = {
        f"{root.name}/{path.relative_to(root).as_posix()}": path
        for root in (package, templates)
        for path in root.rglob("*")
        if path.suffix in SHIPPED and path.is_file()
    }
    digest = hashlib.sha256()
    for name in sorted(named):
        if not name.startswith("provisioner/templates/"):
            content = named[name].read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    major, minor = sys.version_info[:2]
    return Build(__version__, digest.hexdigest()[:12], f"{platform.python_implementation()} {major}.{minor}")
