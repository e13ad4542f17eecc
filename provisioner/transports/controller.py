"""Programs that run on the controller itself, beside the transports."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.transports.base import Completed

_PATIENCE = 120.0


def ansible_inventory(path: Path) -> str | None:
    """Return an inventory as `ansible-inventory` lists it, in YAML; None when that is not installed.

    It is the one reader of INI, TOML, directories, programs and plugins, so all of them mean what they mean to
    Ansible. `--export` keeps the variables of groups with the groups: the wanted state is merged from group to host
    by our own rules. Nothing is asked: a vault password comes from Ansible's own settings.

    Raises:
        UsageError: it refused the inventory (its last words are in the message), or took too long.
    """
    program = shutil.which("ansible-inventory")
    if program is None:
        return None
    command = [program, "-i", str(path.absolute()), "--list", "--yaml", "--export"]
    try:
        completed = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1"},
        )
    except subprocess.TimeoutExpired as cause:
        raise UsageError(
            f"{path}: ansible-inventory did not end within {_PATIENCE:.0f} s",
            hint="run it by hand: it may ask something",
        ) from cause
    except OSError as cause:
        raise UsageError(f"{program}: {cause.strerror or cause}") from cause
    if completed.returncode:
        words = completed.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(
            f"{path}: ansible-inventory refused it: " + (" ".join(words[-3:]) or f"status {completed.returncode}"),
            hint=f"ansible-inventory -i {path} --list shows all it has to say",
        )
    return completed.stdout.decode("utf-8", "replace")


def run(argv: Sequence[str], *, timeout: float) -> Completed:
    """Return how a program of this machine ended; it has no stdin. Status 127: there is none, 124: too slow."""
    program = shutil.which(argv[0])
    if program is None:
        return Completed(127, "", f"{argv[0]}: not found on PATH")
    try:
        done = subprocess.run(
            [program, *argv[1:]], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return Completed(124, "", f"{argv[0]} did not end within {timeout:.0f} s")
    except OSError as cause:
        return Completed(126, "", f"{program}: {cause.strerror or cause}")
    return Completed(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
