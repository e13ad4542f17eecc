"""The engine of this machine: found, or installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LABEL = "provisioner-testbed"
INOTIFY_INSTANCES = 1024


class TestbedError(Exception):
    """Something of the test bed itself failed; the message holds the command and what it said."""


def run(*words: str, stdin: str = "", cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed and return its stdout."""
    done = subprocess.run(
        words,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=None if env is None else {**os.environ, **env},
    )
    if done.returncode != 0:
        raise TestbedError(f"{' '.join(words)}: status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def docker(*words: str, stdin: str = "") -> str:
    return run("docker", *words, stdin=stdin).strip()


def ensure() -> None:
    """Make sure that an engine answers here: the product installs one when none does."""
    if not _answers():
        run(
            *(sys.executable, "-m", "provisioner", "apply", "--yes", "--strategy", "distro-packages"),
            cwd=REPOSITORY,
        )


def allow_many_hosts() -> None:
    """Let this machine carry more than a dozen init systems at once.

    Every systemd takes several inotify instances of one user, and a kernel allows 128 by default. Beyond them nothing
    says so: units fail, and logins hang.
    """
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if int(limit.read_text()) < INOTIFY_INSTANCES:
        limit.write_text(str(INOTIFY_INSTANCES))


def bridge_address() -> str:
    """The address of this machine that containers on the default network see."""
    # `docker network inspect` tells a gateway only when one was configured, so the interface is asked.
    option = '{{index .Options "com.docker.network.bridge.name"}}'
    interface = docker("network", "inspect", "bridge", "--format", option) or "docker0"
    words = run("ip", "-4", "-o", "address", "show", "dev", interface).split()
    return words[words.index("inet") + 1].partition("/")[0]


def cache_directory() -> Path:
    path = Path(os.environ.get("PROVISIONER_TESTBED_CACHE") or Path.home() / ".cache" / LABEL)
    path.mkdir(parents=True, exist_ok=True)
    return path


def _answers() -> bool:
    return (
        subprocess.run(
            ["docker", "info", "--format", "{{.ServerVersion}}"], capture_output=True, check=False
        ).returncode
        == 0
    )
