"""Whether hosts can carry an engine: what `provisioner check` does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from provisioner import preflight
from provisioner.errors import BlockedError, ProvisionerError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.mirror_probe.before_writing import hopeless, probe_warnings, way_out_of
from provisioner.planner.foreseen import foresee
from provisioner.planner.intent import must_install
from provisioner.planner.planner import plan
from provisioner.preflight.finding import Finding, failed, passed, warned
from provisioner.remote.ask_host import ask_host
from provisioner.runs.answers import answers
from provisioner.runs.judgement import reach_of
from provisioner.runs.mirrors import new_mirrors
from provisioner.runs.target import Target

LOCK_PLUGINS = {"dnf": "python3-dnf-plugin-versionlock", "yum": "yum-plugin-versionlock"}
ASKING = 120.0
"""Seconds in which a package manager says what its repositories have."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One host: what was found, or why nothing could be."""

    host: str
    findings: tuple[Finding, ...] = ()
    platform: str | None = None
    error: ProvisionerError | None = None
    seconds: float = 0.0

    @property
    def fails(self) -> list[Finding]:
        return [row for row in self.findings if row.verdict == "fail"]

    @property
    def exit_code(self) -> int:
        if self.error:
            return self.error.exit_code
        if not self.fails:
            return 0
        unsupported = any(row.unsupported for row in self.fails)
        return UnsupportedError.exit_code if unsupported else BlockedError.exit_code


def check(targets: Sequence[Target], *, forks: int) -> list[Checked]:
    """Examine every host, before anything is changed there."""
    return answers(targets, _check, unanswered, forks=forks)


def unanswered(name: str, error: ProvisionerError) -> Checked:
    """A host that could not be asked, or whose answer is of no use."""
    return Checked(name, error=error)


def _check(target: Target) -> Checked:
    began = time.monotonic()
    try:
        facts = target.gather()
    except ProvisionerError as error:
        return Checked(target.name, error=error, seconds=time.monotonic() - began)
    host = Host.of(facts)
    findings = preflight.check(host, target.spec, installs=must_install(host, target.spec))
    try:
        if not any(row.verdict == "fail" for row in findings):
            findings += tuple(_plan(target, host))
        findings += tuple(_holds(target, host))
        findings += tuple(_mirrors(target, host))
    except ProvisionerError as error:
        return Checked(target.name, findings, error=error, seconds=time.monotonic() - began)
    findings = tuple(replace(row, way_out=target.addressed(row.way_out)) for row in findings)
    slug = host.platform.slug if host.platform else None
    return Checked(target.name, findings, slug, None, time.monotonic() - began)


def _plan(target: Target, host: Host) -> Iterator[Finding]:
    """What keeps a plan from being made, beyond what the preflight knows: first what no package source can change."""
    try:
        foresee(host, target.spec)
    except ProvisionerError as error:
        yield _no_plan("plan", error)
        return
    if not must_install(host, target.spec):
        return
    reach = reach_of(target, host)
    try:
        planned = plan(target.name, host, reach, target.spec)
    except ProvisionerError as error:
        yield _no_plan("packages", error)
        return
    yield from (passed("packages", step.title) for step in planned.steps if step.id == "packages")


def _no_plan(name: str, error: ProvisionerError) -> Finding:
    return failed(name, error.message, error.hint, "always", unsupported=isinstance(error, UnsupportedError))


def _holds(target: Target, host: Host) -> Iterator[Finding]:
    """Whether packages can be held where that takes a plugin; the one of dnf 5 is part of it."""
    facts, spec = host.facts, target.spec
    plugin = LOCK_PLUGINS.get(facts.package_manager)
    if not (spec.install and spec.hold and plugin):
        return
    found = ask_host(
        target.transport,
        "lock_tool.sh.j2",
        become_password=target.become_password,
        timeout=ASKING,
        manager=facts.package_manager,
        plugin=plugin,
    )["lock-tool"].strip()
    if found == "none":
        said = (
            f"--hold: {facts.package_manager} has no versionlock here, and no repository of this host offers {plugin}"
        )
        yield failed("hold", said, "add a repository that has it, or leave out --hold", "always")
    elif found == "offered":
        yield passed("hold", f"{plugin} comes from a repository of this host")


def _mirrors(target: Target, host: Host) -> Iterator[Finding]:
    """What is to be said of mirrors that the host would get."""
    judged = () if target.force else new_mirrors(target, host)
    if evidence := hopeless(judged):
        yield failed("registry mirrors", f"no image can come through {evidence}", way_out_of(judged), "always")
    yield from (
        warned("registry mirrors", doubt)
        for doubt in probe_warnings(mirror for mirror in judged if not mirror.hopeless)
    )
    if judged and all(mirror.verdict == "alive" for mirror in judged):
        yield passed("registry mirrors", "those that it does not have yet are alive, seen from here")
