"""Outcomes to print."""

from __future__ import annotations

from dataclasses import replace

from provisioner.errors import ApplyError, UnreachableError
from provisioner.plan.model import Check, FileDiff, Plan, Rejected, Restart, Step, StepResult
from provisioner.runs.outcome import Outcome
from tests.hosts import INFO, RUNNING


def plan(host, *, before="{}\n", after='{"debug": true}\n', restart=None, **changes):
    step = Step(
        "daemon-config",
        "set debug",
        "reload",
        "~",
        "daemon_config",
        {},
        (FileDiff("/etc/docker/daemon.json", before, after),),
    )
    return replace(
        Plan(host, "debian-12", "apt-repo", (step,), restart=restart or Restart("reload", "no container stops")),
        **changes,
    )


def changed(host, *mirrors):
    info = replace(INFO, mirrors=mirrors)
    return Outcome(
        host,
        "changed",
        replace(RUNNING, engine=replace(RUNNING.engine, info=info)),
        plan(host, warnings=("look out",), rejected=(Rejected("rpm-repo", "no rpm here"),)),
        (StepResult("daemon-config", "ok", 2.0, "log of the step"),),
        (Check("engine answers", passed=True, detail="26.1.5"),),
        timings={"look": 1.0, "change": 2.25},
    )


def unreachable(host):
    return Outcome(host, "unreachable", error=UnreachableError(f"{host}: port 22 is closed", hint="open it\nor not"))


def failed(host, message="step daemon-config failed"):
    results = (StepResult("daemon-config", "failed", 0.0, "<b>what it said</b>"),)
    return Outcome(host, "failed", RUNNING, plan(host), results, (), ApplyError(message, hint="see the log"))
