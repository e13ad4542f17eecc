"""apt of this machine: one run at a time, whichever thread or process of the tests asks for it."""

from __future__ import annotations

import os
import shlex
import shutil
import time
from pathlib import Path

from tests import machine
from tests.testbed.engine import TestbedError, run
from tests.testbed.locks import locked

QUIET = {"DEBIAN_FRONTEND": "noninteractive"}
PATIENCE = 300
"""Seconds to wait for others of this machine that install something at the same time."""
WAIT = ("-q", "-o", f"DPkg::Lock::Timeout={PATIENCE}")


def ensure(*programs: str) -> list[str]:
    """Install the packages of those `programs`, rows of machine.TOOLS, that this machine has not, and return them."""
    with locked("apt"):
        packages = machine.packages(*machine.missing(*programs))
        if packages:
            if not usable():
                raise TestbedError(f"tests need {', '.join(packages)}; as root on Debian: {command(packages)}")
            _update()
            run("apt-get", "install", *WAIT, "-y", "--no-install-recommends", *packages, env=QUIET)
    return packages


def usable() -> bool:
    """True when packages can be installed here: by root, with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def command(packages: list[str]) -> str:
    """Return what a person enters to install `packages`."""
    return f"apt-get update && apt-get install -y --no-install-recommends {shlex.join(packages)}"


def download(folder: Path, *packages: str) -> None:
    """Put the .deb files of `packages` into `folder`."""
    with locked("apt"):
        try:
            run("apt-get", "download", *WAIT, *packages, cwd=folder)
        except TestbedError:  # the lists may be missing or old
            _update()
            run("apt-get", "download", *WAIT, *packages, cwd=folder)


def _update() -> None:
    # apt waits for the lock of dpkg, never for the one of its lists.
    limit = time.monotonic() + PATIENCE
    while not _updated(last_try=time.monotonic() > limit):
        time.sleep(1)


def _updated(*, last_try: bool) -> bool:
    """True when the lists are new; False while somebody else is at them."""
    try:
        run("apt-get", "update", *WAIT, env=QUIET)
    except TestbedError as error:
        if last_try or "/var/lib/apt/lists/lock" not in str(error):
            raise
        return False
    return True
