"""Sessions: everything that one user of the test bed started, and how it is found and removed when that user died.

A session is a directory: `owner` (process and its start time; "nobody" for one that stays until it is taken down),
`services` (processes to end), keys and logs. Its containers carry its name as a label.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.testbed.engine import LABEL, cache_directory, docker
from tests.testbed.locks import locked

KEPT = "kept"
"""The session of the command line; it outlives the process that started it."""
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


def new() -> Path:
    """Return the directory of a new session of this process."""
    return _make(f"{os.getpid()}-{secrets.token_hex(3)}", _identity(os.getpid()))


def kept() -> Path:
    return _make(KEPT, "nobody")


def remove_dead() -> None:
    """Remove what sessions left behind whose process is gone, and containers of no session at all."""
    with locked("sessions"):
        alive = set()
        for folder in _root().iterdir():
            owner = folder / "owner"
            if owner.exists() and (owner.read_text() == "nobody" or _runs(owner.read_text())):
                alive.add(folder.name)
            else:
                _end(folder)
        listed = docker("ps", "-a", "--filter", f"label={LABEL}", "--format", f'{{{{.ID}}}} {{{{.Label "{LABEL}"}}}}')
        lost = [line.split()[0] for line in listed.splitlines() if [*line.split(), ""][1] not in {*alive, "build"}]
        if lost:
            subprocess.run(["docker", "rm", "-fv", *lost], capture_output=True, check=False)


def end(folder: Path) -> None:
    with locked("sessions"):
        _end(folder)


def containers(folder: Path) -> list[str]:
    """Names of the containers of a session."""
    return docker("ps", "-a", "--filter", f"label={LABEL}={folder.name}", "--format", "{{.Names}}").split()


def start_service(folder: Path, words: list[str], log: Path, cwd: Path) -> int:
    """Start a process that lives as long as the session."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, start_new_session=True
        )
    _CHILDREN[process.pid] = process
    with (folder / "services").open("a") as services:
        services.write(_identity(process.pid) + "\n")
    return process.pid


def _root() -> Path:
    path = cache_directory() / "sessions"
    path.mkdir(exist_ok=True)
    return path


def _make(name: str, owner: str) -> Path:
    with locked("sessions"):
        folder = _root() / name
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "owner").write_text(owner)
        return folder


def _end(folder: Path) -> None:
    names = containers(folder)
    if names:
        subprocess.run(["docker", "rm", "-fv", *names], capture_output=True, check=False)
    services = folder / "services"
    identities = services.read_text().splitlines() if services.exists() else []
    for identity in identities:
        if _runs(identity):
            os.kill(int(identity.split(maxsplit=1)[0]), signal.SIGTERM)
    for identity in identities:
        _reap(identity)
    shutil.rmtree(folder, ignore_errors=True)


def _reap(identity: str) -> None:
    """Wait for the end of a process, which may be a child of this one."""
    pid = int(identity.split(maxsplit=1)[0])
    child = _CHILDREN.pop(pid, None)
    limit = time.monotonic() + 5
    while (_runs(identity) if child is None else child.poll() is None) and time.monotonic() < limit:
        time.sleep(0.02)
    if _runs(identity):
        os.kill(pid, signal.SIGKILL)
    if child is not None:
        child.wait()


def _identity(pid: int) -> str:
    """A process, not to be mistaken for a later one of the same number."""
    return f"{pid} {_started(pid)}"


def _runs(identity: str) -> bool:
    pid, started = identity.split()
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "-"
    return "-" if fields[0] == "Z" else fields[19]
