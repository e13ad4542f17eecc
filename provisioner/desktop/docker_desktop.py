"""Docker Desktop on this machine: its registry mirrors, by the same transaction as on a server.

Pure Python without a shell, so that it works on Windows too. Desktop reads .docker/daemon.json in the user's home when
its engine starts. The engine of Windows containers has a file of its own, windows-daemon.json, which stays as it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.catalogue import daemon_keys
from provisioner.catalogue.registry_mirrors import mirror_warnings
from provisioner.checks.mirror_status import MirrorStatus
from provisioner.desktop.engine import DesktopEngine, RunningEngine, RunProgram, System
from provisioner.errors import ApplyError, BlockedError, DaemonConfigurationError
from provisioner.facts.configured_mirrors import KEY, Configured
from provisioner.host_files import daemon_json
from provisioner.plan.model import FileDiff
from provisioner.planner.mirror_change import list_after
from provisioner.transports import local_file
from provisioner.transports.controller import run
from provisioner.transports.local_file import LocalFile
from provisioner.wanted.spec import MirrorChange


class RolledBackError(ApplyError):
    """The earlier file is back and the engine runs with it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done: `text` is the whole file, or None when it says so already."""

    file: LocalFile
    text: str | None
    mirrors: tuple[str, ...]
    engine: RunningEngine | None

    @property
    def empty(self) -> bool:
        return self.text is None and (self.engine is None or self.engine.mirrors == self.mirrors)

    @property
    def diff(self) -> FileDiff | None:
        return FileDiff(str(self.file.path), self.file.text, self.text) if self.text is not None else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is known against the mirrors: dead ones, restricted ones, placeholders."""
        return tuple(mirror_warnings(self.mirrors))


class Desktop:
    """Docker Desktop of the user with this home directory."""

    def __init__(
        self,
        home: Path | None = None,
        *,
        platform: str = sys.platform,
        run: RunProgram = run,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.system: System = "windows" if platform == "win32" else "macos" if platform == "darwin" else "linux"
        self.home = home or Path.home()
        self._engine = DesktopEngine(self.home, self.system, run=run, sleep=sleep)

    @property
    def config(self) -> Path:
        return self.home / ".docker" / "daemon.json"

    def plan(self, wanted: Sequence[str] | MirrorChange) -> Change:
        """Return what brings these mirrors, in this order, or this change to those that there are; touches nothing.

        Raises:
            UnsupportedError: there is no Docker Desktop here, or it runs Windows containers.
            DaemonConfigurationError: the existing file is broken; it says where.
            ApplyError: the file cannot be read, or the engine would refuse a mirror.
        """
        engine = self._engine.now()
        file = local_file.read(self.config)
        current = daemon_json.parse(file.text or "", str(file.path))
        stands = _stands(current.get(KEY))
        if isinstance(wanted, MirrorChange):
            if stands is None:
                raise ApplyError(
                    f"{file.path}: {KEY} is no list of URLs. Nothing was changed.",
                    hint="provisioner mirror set --desktop https://mirror.example says the whole list",
                )
            had = stands if KEY in current or engine is None else engine.mirrors
            mirrors = list_after(wanted, had)
        else:
            mirrors = tuple(wanted)
        problems = daemon_keys.key_problems({KEY: list(mirrors)}, engine.version if engine else "")
        if problems:
            raise ApplyError(f"Docker Desktop would not start with this: {problems[0]}. Nothing was changed.")
        if stands == mirrors:
            return Change(file, None, mirrors, engine)
        text = daemon_json.merge(file.text, {KEY: list(mirrors)}, str(file.path))
        return Change(file, text, mirrors, engine)

    def status(self) -> MirrorStatus:
        """Return which mirrors the file names, which the engine has, and why these are not the same.

        Raises:
            UnsupportedError: there is no Docker Desktop here, or it runs Windows containers.
            ApplyError: the file cannot be read.
        """
        engine = self._engine.now()
        file = local_file.read(self.config)
        shown = engine.mirrors if engine else None
        by, problems = Configured((), ""), []
        try:
            current = daemon_json.parse(file.text or "", str(file.path))
            stands = _stands(current.get(KEY))
            if KEY in current:
                by = Configured(stands or (), str(file.path))
            if stands is None:
                problems.append(f"{file.path}: {KEY} is no list of URLs")
        except DaemonConfigurationError as error:
            problems.append(f"the next start of Docker Desktop's engine will fail: {error.message}")
        if not problems and shown is not None and shown != by.urls:
            said = f"{file.path} says {' '.join(by.urls) or 'none'}"
            problems.append(f"{said}, and the engine has {' '.join(shown) or 'none'}: it was not restarted")
        return MirrorStatus(engine.version if engine else "", by, shown, problems=tuple(problems))

    def apply(self, change: Change, *, allow_restart: bool, say: Callable[[str], None]) -> Path | None:
        """Write the file, restart Desktop and wait until its engine shows the mirrors. Returns the backup's path.

        Raises:
            BlockedError: containers run and `allow_restart` is not given (nothing was changed); or Desktop has to be
                restarted by hand (the file is written).
            RolledBackError: the engine did not come back showing the mirrors; the earlier file is there again, and the
                engine shows the earlier mirrors.
            ApplyError: the same, and one of that is not so; or the file cannot be written.
        """
        restarts = change.engine is not None and self._engine.can_restart()
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
        problem = self._engine.restart(change.mirrors)
        if problem:
            raise self._roll_back(change, problem, say)
        return backup

    def _roll_back(self, change: Change, problem: str, say: Callable[[str], None]) -> ApplyError:
        """Put the earlier file back and restart; return the error to raise."""
        if change.text is None:
            return ApplyError(f"Docker Desktop: {problem}", hint="docker desktop logs tells more")
        say(f"{problem}; putting the earlier file back")
        written = LocalFile(change.file.path, change.file.asked, change.text.encode("utf-8", "surrogateescape"))
        local_file.replace(written, change.file.content, backup=False)
        # What the engine had may be older than the file.
        had = (
            change.engine.mirrors if change.engine else None,
            _stands(daemon_json.parse(change.file.text or "").get(KEY)),
        )
        again = self._engine.restart(*(mirrors for mirrors in had if mirrors is not None))
        same = local_file.read(change.file.asked).content == change.file.content
        stands = "is as it was" if same else "is not as it was: somebody else has changed it meanwhile"
        kind = RolledBackError if same and not again else ApplyError
        return kind(
            f"Docker Desktop: {problem}. {change.file.path} {stands}, and {again or 'its engine runs again'}.",
            hint="docker desktop logs tells more; Troubleshoot in its menu can restart it",
        )


def _stands(value: object) -> tuple[str, ...] | None:
    """The mirrors of a file, without trailing slashes; None when they are no list of strings."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(url, str) for url in value):
        return None
    return tuple(url.rstrip("/") for url in value)


_CLICK = {
    "windows": "click the whale in the notification area, then Restart",
    "macos": "click the whale in the menu bar, then Restart",
    "linux": "run systemctl --user restart docker-desktop",
}
