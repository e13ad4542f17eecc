"""All checks of the preflight, and what their findings mean for a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from provisioner.errors import BlockedError, ProvisionerError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.preflight import (
    configuration,
    distribution,
    engine,
    forbidden,
    host,
    kernel,
    network,
    package_room,
    package_ways,
    packages,
    storage,
)
from provisioner.preflight.finding import Finding, Subject
from provisioner.wanted.spec import Spec

CHECKS = (
    *distribution.CHECKS,
    *kernel.CHECKS,
    *host.CHECKS,
    *storage.CHECKS,
    *package_room.CHECKS,
    *network.CHECKS,
    *package_ways.CHECKS,
    *packages.CHECKS,
    *forbidden.CHECKS,
    *configuration.CHECKS,
    *engine.CHECKS,
)

RAISED_WHERE_THEY_MATTER = frozenset({"daemon.json", "privileges", "source proxy"})
"""The planner refuses these itself, once it knows whether there is something to change or how its sources answer, with
an error of its own."""

SHOWN_AS_STEPS = frozenset({"conflicts", "services", "engine", "CA certificates"})
"""Warnings that a plan shows in another way."""


def check(host: Host, spec: Spec, *, installs: bool) -> tuple[Finding, ...]:
    """Return what every check found, in the order in which people look for it.

    `installs` says whether packages of the engine are to be installed or changed (`must_install` of the planner).
    """
    subject = Subject(host, spec, installs)
    found = [finding for look in CHECKS for finding in look(subject)]
    concerns = {"always"}
    if installs:
        concerns |= {"install", "start"}
    elif spec.install and not subject.healthy:
        concerns |= {"start"}
    if spec.install:
        concerns |= {"apply"}
    return tuple(
        replace(finding, verdict="warn") if finding.verdict == "fail" and finding.concern not in concerns else finding
        for finding in found
    )


def blocking_error(findings: Iterable[Finding]) -> ProvisionerError | None:
    """Return the error for the findings that stop a plan, None when none does.

    An UnsupportedError when one of them lies in the nature of the host, else a BlockedError.
    """
    fails = [row for row in findings if row.verdict == "fail" and row.name not in RAISED_WHERE_THEY_MATTER]
    if not fails:
        return None
    fails.sort(key=lambda row: not row.unsupported)
    kind = UnsupportedError if fails[0].unsupported else BlockedError
    return kind("\n".join(row.detail for row in fails), hint="\n".join(row.way_out for row in fails if row.way_out))


def plan_warnings(findings: Iterable[Finding], *, installs: bool, mirrors: bool) -> tuple[str, ...]:
    """Return the warnings that whoever is about to apply a plan should know: most of them before an installation."""
    return tuple(
        f"{row.name}: {row.detail}" + (f" -> {row.way_out}" if row.way_out else "")
        for row in findings
        if row.verdict == "warn"
        and row.name not in SHOWN_AS_STEPS
        and (installs or (mirrors and row.name == "hosts.toml"))
    )
