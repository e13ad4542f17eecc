"""What a check finds, and what checks look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from provisioner.catalogue.platforms import Platform
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.wanted.spec import Spec

Verdict = Literal["pass", "warn", "fail"]
Concern = Literal["install", "start", "apply", "always"]
"""When a failure matters: before packages are installed, before a stopped engine is started, for all that `apply`
does, or for any change, also one to the mirrors alone."""

NEWEST = 999
"""Stands for the newest engine where a major release is compared and no particular one is wanted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`unsupported` marks a failure that lies in the nature of the host: kernel, architecture, distribution."""

    name: str
    verdict: Verdict
    detail: str
    way_out: str = ""
    concern: Concern = "install"
    unsupported: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A host under examination. `installs`: packages of the engine are to be installed or changed."""

    host: Host
    spec: Spec
    installs: bool

    @property
    def facts(self) -> Facts:
        return self.host.facts

    @property
    def platform(self) -> Platform | None:
        return self.host.platform

    @property
    def healthy(self) -> bool:
        """An engine runs here, which proves what it needs of the kernel."""
        return self.facts.engine.info is not None or self.facts.engine.running

    @property
    def engine_major(self) -> int:
        """The major release of the engine that will run here, as far as that is known: NEWEST when nobody said."""
        if not self.installs and self.facts.engine.info:
            return _major(self.facts.engine.info.version)
        if self.spec.version not in {None, "latest"}:
            return _major(self.spec.version or "")
        return _major(self.platform.last_engine if self.platform else "")


def passed(name: str, detail: str) -> Finding:
    return Finding(name, "pass", detail)


def warned(name: str, detail: str, way_out: str = "") -> Finding:
    return Finding(name, "warn", detail, way_out)


def failed(name: str, detail: str, way_out: str, concern: Concern, *, unsupported: bool = False) -> Finding:
    return Finding(name, "fail", detail, way_out, concern, unsupported)


def _major(version: str) -> int:
    digits = version.partition(".")[0]
    return int(digits) if digits.isdecimal() else NEWEST
