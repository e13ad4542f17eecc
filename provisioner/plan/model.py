"""The plan: what will happen on one host, completely said before anything happens."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from provisioner.facts.model import Engine, ServiceManager
from provisioner.host_files.lines import lines_with_ends

Action = Literal["+", "~", "-", "!"]
"""Terraform's symbols: create, change in place, remove; `!` runs something that interrupts a service."""

_KEY_BLOCK = re.compile(r"(-----BEGIN PGP [A-Z ]+-----\n)[^-]*?(\n-----END PGP)")


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A file before and after; `before` is None when it does not exist yet, `after` None when it goes."""

    path: str
    before: str | None
    after: str | None

    def unified(self) -> str:
        """The change as `diff -u` shows it; a key block is one line, since its fingerprint says more."""
        before, after = (_KEY_BLOCK.sub(r"\1[...]\2", text or "") for text in (self.before, self.after))
        lines = difflib.unified_diff(
            lines_with_ends(before),
            lines_with_ends(after),
            fromfile=self.path if self.before is not None else "/dev/null",
            tofile=self.path if self.after is not None else "/dev/null",
        )
        return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered action: `template` (below templates/steps/) rendered with `params`."""

    id: str
    title: str
    why: str
    action: Action
    template: str
    params: Mapping[str, Any] = field(default_factory=dict)
    diffs: tuple[FileDiff, ...] = ()

    @property
    def package_manager(self) -> str:
        """The package manager that it uses, "" when it uses none."""
        return str(self.params.get("manager", "apt" if self.template.startswith("apt_") else ""))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A strategy or a package source that was considered and is not taken, with the reason."""

    strategy: str
    reason: str


@dataclass(frozen=True, slots=True)
class Restart:
    """How the daemon takes the new configuration, and why that way."""

    how: Literal["none", "start", "reload", "restart", "stop"]
    why: str = ""
    stops_containers: int = 0


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """How a script finds the engine's process, asks it, and starts it where no init system does.

    `host` is what the client is told by DOCKER_HOST, "" for its own default; `others` are processes that are another
    engine's.
    """

    unit: str = "docker.service"
    program: str = "dockerd"
    options: tuple[str, ...] = ()
    pid_file: str = "/var/run/docker.pid"
    host: str = ""
    others: tuple[int, ...] = ()

    @classmethod
    def of(cls, engine: Engine, *, installs: bool = False) -> EngineProcess:
        """`installs`: packages bring another program."""
        return cls(
            unit=engine.unit,
            program="dockerd" if installs or not engine.dockerd else engine.dockerd,
            options=engine.command_line[1:],
            pid_file=engine.pid_file,
            host=engine.host,
            others=tuple(other.pid for other in engine.others),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything `apply` needs to know. No steps: the host is as wanted."""

    host: str
    platform: str
    strategy: str
    steps: tuple[Step, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    warnings: tuple[str, ...] = ()
    restart: Restart = Restart("none")
    init: ServiceManager = "systemd"
    engine: EngineProcess = EngineProcess()
    engine_version: str = ""
    """What is noted on the host as the engine's version: "ask" for the one that answers at the end, "" for none."""

    @property
    def empty(self) -> bool:
        return not self.steps

    @property
    def package_manager(self) -> str:
        """The package manager that steps use, "" when none does."""
        return next((name for step in self.steps if (name := step.package_manager)), "")

    @property
    def diffs(self) -> tuple[FileDiff, ...]:
        return tuple(diff for step in self.steps for diff in step.diffs)


@dataclass(frozen=True, slots=True)
class StepResult:
    """`seconds` is the host's own clock; `log` is what the step printed."""

    id: str
    status: Literal["ok", "failed", "not run"]
    seconds: float = 0.0
    log: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at after the fact."""

    name: str
    passed: bool
    detail: str = ""
