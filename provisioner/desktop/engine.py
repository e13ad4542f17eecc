"""Docker Desktop's engine as it answers on this machine, and its restart.

It cannot be made to reload. `docker desktop restart` came with Desktop 4.37 (docs.docker.com, Docker Desktop CLI).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from provisioner.errors import UnsupportedError
from provisioner.transports.base import Completed

System = Literal["windows", "macos", "linux"]
CONTEXT = "desktop-linux"
PATIENCE = 240.0
"""Seconds for Desktop to come back: it starts a virtual machine."""

SETTLE = 20.0
"""Seconds for an engine that answers with other mirrors: it may be the one that is about to stop."""


class RunProgram(Protocol):
    """Runs a program of this machine to its end."""

    def __call__(self, argv: Sequence[str], *, timeout: float) -> Completed: ...


@dataclass(frozen=True, slots=True)
class RunningEngine:
    """Desktop's engine as it answers now; `running` containers stop when it restarts."""

    version: str
    mirrors: tuple[str, ...]
    running: int


class DesktopEngine:
    """The engine of the Docker Desktop of the user with this home directory."""

    def __init__(self, home: Path, system: System, *, run: RunProgram, sleep: Callable[[float], None]) -> None:
        self._home, self._system = home, system
        self._run, self._sleep = run, sleep
        self._context: tuple[str, ...] | None = None

    def now(self) -> RunningEngine | None:
        """Return the engine, None when it does not run.

        Raises:
            UnsupportedError: this is no Docker Desktop, or it runs Windows containers.
        """
        info = self._info()
        if info is None:
            self._refuse_absent()
            return None
        if info.get("OperatingSystem") != "Docker Desktop":
            raise UnsupportedError(
                f"the engine here is no Docker Desktop: it says {info.get('OperatingSystem') or '?'}",
                hint="leave --desktop out to change this machine's own engine",
            )
        if info.get("OSType") == "windows":
            raise UnsupportedError(
                "Docker Desktop runs Windows containers now, and their mirrors are not in daemon.json",
                hint="switch it to Linux containers in its menu, then run the command again",
            )
        return RunningEngine(
            version=str(info.get("ServerVersion", "")),
            mirrors=_mirrors(info),
            running=_number(info.get("ContainersRunning")),
        )

    def can_restart(self) -> bool:
        return self._run(["docker", "desktop", "version"], timeout=20).status == 0

    def restart(self, *mirrors: tuple[str, ...]) -> str:
        """Restart; return "" when the engine shows one of these lists of mirrors, else what is wrong."""
        done = self._run(["docker", "desktop", "restart"], timeout=PATIENCE)
        waited, answered, shown = 0.0, 0.0, None
        while waited < PATIENCE and answered < SETTLE:
            info = self._info()
            if info is not None:
                shown = _mirrors(info)
                if shown in mirrors:
                    return ""
            if done.status:
                return f"docker desktop restart failed: {_last_words(done)}"
            self._sleep(2)
            waited, answered = waited + 2, answered + 2 if info is not None else 0.0
        if shown is None:
            return f"its engine did not come back within {PATIENCE:.0f} s"
        return f"its engine came back with the mirrors {' '.join(shown) or '(none)'}"

    def _info(self) -> dict[str, Any] | None:
        """`docker info` of Desktop's engine; None when it does not answer."""
        if self._context is None:
            names = self._run(["docker", "context", "ls", "--format", "{{.Name}}"], timeout=20).stdout.split()
            self._context = ("--context", CONTEXT) if CONTEXT in names else ()
        done = self._run(["docker", *self._context, "info", "--format", "{{json .}}"], timeout=30)
        try:
            info = json.loads(done.stdout)
        except (ValueError, RecursionError):
            return None
        return info if isinstance(info, dict) and info.get("ServerVersion") else None

    def _refuse_absent(self) -> None:
        places = {"windows": "AppData/Roaming/Docker", "macos": "Library/Group Containers/group.com.docker"}
        if self._context or (self._home / places.get(self._system, ".docker/desktop")).is_dir():
            return
        raise UnsupportedError(
            f"there is no Docker Desktop for the user with the home directory {self._home}",
            hint="install and start it first, or leave --desktop out to change this machine's own engine",
        )


def _mirrors(info: dict[str, Any]) -> tuple[str, ...]:
    registries = info.get("RegistryConfig")
    mirrors = registries.get("Mirrors") if isinstance(registries, dict) else None
    return tuple(str(url).rstrip("/") for url in mirrors) if isinstance(mirrors, list) else ()


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _last_words(done: Completed) -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).split("\n")
    return " ".join(map(str.strip, lines[-2:])) or f"status {done.status}"
