"""Docker Desktop on this machine: its registry mirrors, by the same transaction as on a server.

No shell and nothing that Windows lacks. Desktop reads .docker/daemon.json in the user's home when its engine starts;
the engine of Windows containers has a file of its own, windows-daemon.json, which is not touched. It cannot be made
to reload. `docker desktop restart` came with Desktop 4.37 (docs.docker.com, Docker Desktop CLI).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from provisioner.catalogue import daemon_keys
from provisioner.errors import ApplyError, BlockedError, UnsupportedError
from provisioner.host_files import daemon_json
from provisioner.plan.model import FileDiff
from provisioner.transports import local_file
from provisioner.transports.base import Completed
from provisioner.transports.controller import run
from provisioner.transports.local_file import LocalFile

System = Literal["windows", "macos", "linux"]
CONTEXT = "desktop-linux"
PATIENCE = 240.0
"""Seconds for Desktop to come back: it starts a virtual machine."""

SETTLE = 20.0
"""Seconds for an engine that answers with other mirrors: it may be the one that is about to stop."""


class RolledBackError(ApplyError):
    """The earlier file is back and the engine runs with it."""


class Run(Protocol):
    """Runs a program of this machine to its end."""

    def __call__(self, argv: Sequence[str], *, timeout: float) -> Completed: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """Desktop's engine as it answers now; `running` containers stop when it restarts."""

    version: str
    mirrors: tuple[str, ...]
    running: int


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done: `text` is the whole file, or None when it says so already."""

    file: LocalFile
    text: str | None
    mirrors: tuple[str, ...]
    engine: Engine | None

    @property
    def empty(self) -> bool:
        return self.text is None and (self.engine is None or self.engine.mirrors == self.mirrors)

    @property
    def diff(self) -> FileDiff | None:
        return FileDiff(str(self.file.path), self.file.text, self.text) if self.text is not None else None


class Desktop:
    """Docker Desktop of the user with this home directory."""

    def __init__(
        self,
        home: Path | None = None,
        *,
        platform: str = sys.platform,
        run: Run = run,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.system: System = "windows" if platform == "win32" else "macos" if platform == "darwin" else "linux"
        self.home = home or Path.home()
        self.run, self.sleep = run, sleep
        self._context: tuple[str, ...] | None = None

    @property
    def config(self) -> Path:
        return self.home / ".docker" / "daemon.json"

    def plan(self, mirrors: Sequence[str]) -> Change:
        """Return what brings these mirrors, in this order; touches nothing.

        Raises:
            UnsupportedError: there is no Docker Desktop here, or it runs Windows containers.
            DaemonConfigurationError: the existing file is broken; it says where.
            ApplyError: the file cannot be read, or the engine would refuse a mirror.
        """
        engine = self.engine()
        file = local_file.read(self.config)
        current = daemon_json.parse(file.text or "", str(file.path))
        problems = daemon_keys.problems({"registry-mirrors": list(mirrors)}, engine.version if engine else "")
        if problems:
            raise ApplyError(f"Docker Desktop would not start with this: {problems[0]}. Nothing was changed.")
        stands = [url.rstrip("/") for url in current.get("registry-mirrors") or () if isinstance(url, str)]
        if stands == list(mirrors):
            return Change(file, None, tuple(mirrors), engine)
        text = daemon_json.merge(file.text, {"registry-mirrors": list(mirrors)}, str(file.path))
        return Change(file, text, tuple(mirrors), engine)

    def engine(self) -> Engine | None:
        """Return Desktop's engine, None when it does not run.

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
        return Engine(
            version=str(info.get("ServerVersion", "")),
            mirrors=_mirrors(info),
            running=_number(info.get("ContainersRunning")),
        )

    def apply(self, change: Change, *, allow_restart: bool, say: Callable[[str], None]) -> Path | None:
        """Write the file, restart Desktop and wait until its engine shows the mirrors. Returns the backup's path.

        Raises:
            BlockedError: containers run and `allow_restart` is not given (nothing was changed); or Desktop has to be
                restarted by hand (the file is written).
            RolledBackError: the engine did not come back showing the mirrors, and runs with the earlier file again.
            ApplyError: the same, and it does not run again; or the file cannot be written.
        """
        restarts = change.engine is not None and self._can_restart()
        if restarts and change.engine and change.engine.running and not allow_restart:
            raise BlockedError(
                f"Docker Desktop must restart, which stops {change.engine.running} running containers. "
                "Nothing was changed.",
                hint="add --allow-restart when they may stop",
            )
        backup = None
        if change.text is not None:
            backup = local_file.replace(change.file, change.text.encode("utf-8", "surrogateescape"))
            say(f"wrote {change.file.path}" + (f", the earlier one is {backup.name}" if backup else ""))
        if change.engine is None:
            say("Docker Desktop is not running; it takes the mirrors when it starts")
            return backup
        if not restarts:
            raise BlockedError(
                f"{change.file.path} has the mirrors, and this Docker Desktop can only be restarted by hand",
                hint=f"{_CLICK[self.system]}; then run this command again, it checks",
            )
        say("restarting Docker Desktop ...")
        problem = self._restart(change.mirrors)
        if problem:
            raise self._roll_back(change, problem, say)
        return backup

    def _restart(self, mirrors: tuple[str, ...] | None) -> str:
        """Restart; return "" when the engine shows `mirrors` (None: answers), else what is wrong."""
        done = self.run(["docker", "desktop", "restart"], timeout=PATIENCE)
        waited, answered, shown = 0.0, 0.0, None
        while waited < PATIENCE and answered < SETTLE:
            info = self._info()
            if info is not None:
                shown = _mirrors(info)
                if mirrors is None or shown == mirrors:
                    return ""
            if done.status:
                return f"docker desktop restart failed: {_last_words(done)}"
            self.sleep(2)
            waited, answered = waited + 2, answered + 2 if info is not None else 0.0
        if shown is None:
            return f"its engine did not come back within {PATIENCE:.0f} s"
        return f"its engine came back with the mirrors {' '.join(shown) or '(none)'}"

    def _roll_back(self, change: Change, problem: str, say: Callable[[str], None]) -> ApplyError:
        """Put the earlier file back and restart; return the error to raise."""
        if change.text is None:
            return ApplyError(f"Docker Desktop: {problem}", hint="docker desktop logs tells more")
        say(f"{problem}; putting the earlier file back")
        written = LocalFile(change.file.path, change.file.asked, change.text.encode("utf-8", "surrogateescape"))
        local_file.replace(written, change.file.content, backup=False)
        again = self._restart(None)
        kind = ApplyError if again else RolledBackError
        state = f"it does not run again: {again}" if again else "its engine runs again"
        return kind(
            f"Docker Desktop: {problem}. {change.file.path} is as it was, and {state}.",
            hint="docker desktop logs tells more; Troubleshoot in its menu can restart it",
        )

    def _info(self) -> dict[str, Any] | None:
        """`docker info` of Desktop's engine; None when it does not answer."""
        if self._context is None:
            names = self.run(["docker", "context", "ls", "--format", "{{.Name}}"], timeout=20).stdout.split()
            self._context = ("--context", CONTEXT) if CONTEXT in names else ()
        done = self.run(["docker", *self._context, "info", "--format", "{{json .}}"], timeout=30)
        try:
            info = json.loads(done.stdout)
        except (ValueError, RecursionError):
            return None
        return info if isinstance(info, dict) and info.get("ServerVersion") else None

    def _refuse_absent(self) -> None:
        places = {"windows": "AppData/Roaming/Docker", "macos": "Library/Group Containers/group.com.docker"}
        if self._context or (self.home / places.get(self.system, ".docker/desktop")).is_dir():
            return
        raise UnsupportedError(
            f"there is no Docker Desktop for the user with the home directory {self.home}",
            hint="install and start it first, or leave --desktop out to change this machine's own engine",
        )

    def _can_restart(self) -> bool:
        return self.run(["docker", "desktop", "version"], timeout=20).status == 0


def _mirrors(info: dict[str, Any]) -> tuple[str, ...]:
    registries = info.get("RegistryConfig")
    mirrors = registries.get("Mirrors") if isinstance(registries, dict) else None
    return tuple(str(url).rstrip("/") for url in mirrors) if isinstance(mirrors, list) else ()


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _last_words(done: Completed) -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).split("\n")
    return " ".join(map(str.strip, lines[-2:])) or f"status {done.status}"


_CLICK = {
    "windows": "click the whale in the notification area, then Restart",
    "macos": "click the whale in the menu bar, then Restart",
    "linux": "run systemctl --user restart docker-desktop",
}
