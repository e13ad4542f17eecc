"""A bare machine: Debian's minimal image in a container that can carry an engine of its own, and this repository.

Nothing is installed there but what that image has. It reaches package indexes as this machine does.
"""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.testbed import images, pip_settings
from tests.testbed.engine import LABEL, REPOSITORY, docker
from tests.testbed.hosts import like_a_machine
from tests.testbed.recipes import BARE

HOME = "/srv/provisioner"
"""Where the repository is in the container."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command; `first` and `seconds` are from its start to its first words and to its end."""

    status: int
    output: str
    first: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Bare:
    name: str

    def run(self, script: str, *, show: bool = False, environment: Mapping[str, str] | None = None) -> Ran:
        """Run a shell script where the repository is; stderr is part of the output, which `show` prints meanwhile."""
        given = [word for name, value in (environment or {}).items() for word in ("-e", f"{name}={value}")]
        words = ["docker", "exec", "-w", HOME, *given, self.name, "sh", "-c", script]
        began, first, output = time.monotonic(), 0.0, b""
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            # Not by lines: a line of pytest takes minutes.
            while process.stdout and (part := os.read(process.stdout.fileno(), 65536)):
                first = first or time.monotonic() - began
                output += part
                if show:
                    sys.stdout.buffer.write(part)
                    sys.stdout.flush()
        return Ran(process.returncode, output.decode(errors="replace"), first, time.monotonic() - began)

    def stop(self) -> None:
        subprocess.run(["docker", "rm", "-fv", self.name], capture_output=True, check=False)


def start(session: Path) -> Bare:
    name = f"{LABEL}-{session.name}-bare-{secrets.token_hex(2)}"
    settings = pip_settings.of_this_machine()
    docker(
        *("run", "-d", "--name", name, "--hostname", "bare", "--label", f"{LABEL}={session.name}"),
        *like_a_machine(),
        *(word for folder in settings.folders for word in ("-v", f"{folder}:{folder}:ro")),
        *(word for setting in settings.environment for word in ("-e", setting)),
        *("--entrypoint", "sh", images.image(BARE), "-c", images.ENTRY, "testbed-entry", "bare"),
    )
    _put(name, {**settings.files, **_repository()})
    return Bare(name)


def _repository() -> dict[str, bytes]:
    """The files of this repository, changes that nobody has committed included."""
    ignored = [".git", *(line.strip("/") for line in (REPOSITORY / ".gitignore").read_text().splitlines())]
    found = {}
    for folder, below, files in os.walk(REPOSITORY):
        below[:] = _kept(below, ignored)
        inside = Path(folder).relative_to(REPOSITORY)
        for name in _kept(files, ignored):
            found[f"{HOME}/{(inside / name).as_posix()}"] = Path(folder, name).read_bytes()
    return found


def _kept(names: list[str], ignored: list[str]) -> list[str]:
    return [name for name in names if not any(fnmatch(name, pattern) for pattern in ignored)]


def _put(container: str, files: Mapping[str, bytes]) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mtime = len(content), int(time.time())
            entry.mode = 0o755 if content.startswith(b"#!") else 0o644
            tar.addfile(entry, io.BytesIO(content))
    subprocess.run(["docker", "cp", "-", f"{container}:/"], input=archive.getvalue(), check=True, capture_output=True)
