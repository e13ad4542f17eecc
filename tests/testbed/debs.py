"""Files out of Debian packages that this machine's apt downloads; nothing is installed, no service starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.testbed import apt
from tests.testbed.engine import cache_directory, run
from tests.testbed.locks import locked


def unpacked(*packages: str) -> Path:
    """Return a directory with the files of `packages`, of this machine's own release."""
    target = cache_directory() / f"debs-{'-'.join(sorted(packages))}"
    with locked("debs"):
        if not target.exists():
            with tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o777)  # noqa: PTH101 # apt downloads as an account of its own
                apt.download(Path(folder), *packages)
                part = target.with_suffix(".part")
                shutil.rmtree(part, ignore_errors=True)
                for package in Path(folder).glob("*.deb"):
                    run("dpkg-deb", "-x", str(package), str(part))
                part.rename(target)
    return target


def unpack_on(container: str, *packages: str) -> None:
    """Lay the files of `packages` over those of a host, whose package manager is not told."""
    archive = subprocess.run(["tar", "-cC", unpacked(*packages), "."], capture_output=True, check=True).stdout
    subprocess.run(
        ["docker", "exec", "-i", container, "tar", "-xC", "/", "--keep-directory-symlink"], input=archive, check=True
    )
