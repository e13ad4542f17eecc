"""Drift: how a host differs from its wanted state, from what its files say, from what our last run left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from provisioner.catalogue.daemon_values import container_problems
from provisioner.checks import single
from provisioner.errors import ProvisionerError
from provisioner.facts.daemon_live import live_value, shows
from provisioner.facts.host import Host
from provisioner.facts.record import REMOVED, WrittenFile
from provisioner.mirror_probe.judge import Judged
from provisioner.plan.model import Check, FileDiff
from provisioner.planner.daemon_refusals import file_problems, told_twice
from provisioner.planner.intent import must_install, source_problem
from provisioner.planner.missing_packages import missing_packages
from provisioner.planner.planner import plan
from provisioner.wanted.spec import Spec

TOLD_ELSEWHERE = frozenset({"service", "hold", "packages"})
"""Ids of the steps whose subject has a check of its own."""


def status_checks(name: str, host: Host, spec: Spec, judged: Sequence[Judged] = ()) -> tuple[Check, ...]:
    """Return every check of the host called `name`; those that have not passed are the differences.

    `judged` are the host's mirrors as it sees them. Where `spec` says nothing, the host's own files and the record of
    our last run there are what it is compared with.
    """
    return tuple(_checks(name, host, spec, judged))


def _checks(name: str, host: Host, spec: Spec, judged: Sequence[Judged]) -> Iterator[Check]:
    engine, info = host.facts.engine, host.info
    if not engine.installed:
        removed = host.facts.record.engine == REMOVED and not spec.model_fields_set - {"install"}
        said = "there is no Docker Engine on this host"
        yield Check("engine", removed, f"{said}, since our last run removed it" if removed else said)
        return
    yield Check("engine", info is not None, info.version if info else engine.error or "it does not run")
    if missing := missing_packages(host):
        yield Check("packages", passed=False, detail=f"{', '.join(missing)} is missing, without which it does not work")
    yield from single.service(host)
    yield from _unit_files(host)
    yield from _configuration(host)
    yield from _edited(host)
    yield from single.version(host, spec)
    yield from _moved_version(host, spec)
    if problem := source_problem(host, spec):
        yield Check("package source", passed=False, detail=problem)
    yield from single.mirrors(host, spec)
    yield from single.hosts_toml(host)
    yield from (
        Check(f"mirror {mirror.url}", mirror.usable, f"{mirror.verdict}: {mirror.evidence}") for mirror in judged
    )
    yield from single.hold(host, spec)
    yield from _plan(name, host, spec)


def _unit_files(host: Host) -> Iterator[Check]:
    unit = host.facts.engine_unit
    if unit and unit.needs_reload:
        said = "changed, and systemd has not read them: systemctl daemon-reload"
        yield Check("unit files", passed=False, detail=said)


def _configuration(host: Host) -> Iterator[Check]:
    info, path = host.info, host.facts.engine.config_path
    if host.facts.daemon_json is None:
        return
    if broken := host.daemon_json.broken:
        said = broken.consequence if broken.caution else f"the next start will fail: {broken.message}"
        yield Check("configuration", passed=False, detail=said)
        return
    current = host.daemon_json.values
    wrong = file_problems(host)
    twice = told_twice(host)
    if twice and host.flags.doubt:
        said = f"the next start may fail; how it goes cannot be told ({host.flags.doubt}): {'; '.join(twice)}"
        yield Check("configuration", passed=False, detail=said)
        return
    wrong += twice
    if host.flags.next and host.flags.next.fails:
        wrong.append(host.flags.next.fails)
    if wrong:
        yield Check("configuration", passed=False, detail=f"the next start will fail: {'; '.join(wrong)}")
        return
    if useless := container_problems(current, host.engine_version):
        yield Check("configuration", passed=False, detail=f"no container starts with it: {'; '.join(useless)}")
        return
    stale = stale_keys(host)
    said = ", ".join(f"{key} is {_as_written(live_value(info, key))}" for key in stale) if info else ""
    yield Check("configuration", not stale, f"{path} was not reloaded: {said}" if stale else path)


def _as_written(value: Any) -> str:
    """`value` as daemon.json would have it."""
    return json.dumps(value, ensure_ascii=False)


def stale_keys(host: Host) -> list[str]:
    """Return the keys of the configuration that the running engine shows other values for."""
    info, current = host.info, host.daemon_json.values
    return [key for key, value in current.items() if info and value is not None and not shows(info, key, value)]


def edits(host: Host) -> tuple[FileDiff, ...]:
    """Return what was changed in files since our runs wrote them, where their texts are known."""
    touched = (file for file in host.facts.record.files if not file.untouched and file.before is not None)
    return tuple(FileDiff(file.path, file.before, file.after) for file in touched)


def _edited(host: Host) -> Iterator[Check]:
    files = host.facts.record.files
    touched = [file for file in files if not file.untouched]
    if files:
        yield Check("files", not touched, "; ".join(map(_fate, touched)) or f"{len(files)} as they were written")


def _fate(file: WrittenFile) -> str:
    what = "was edited" if file.now else "was removed"
    return f"{file.path} {what} since it was written on {file.when[:4]}-{file.when[4:6]}-{file.when[6:8]}"


def _moved_version(host: Host, spec: Spec) -> Iterator[Check]:
    """The version at the end of our last run, where nobody asks for a particular one."""
    info, left = host.info, host.facts.record.engine
    if info and left and spec.version in {None, "latest"}:
        moved = left != info.version
        then = "removed by the last run" if left == REMOVED else f"{left} at the last run"
        yield Check("version", not moved, f"{info.version}, {then}" if moved else info.version)


def _plan(name: str, host: Host, spec: Spec) -> Iterator[Check]:
    """What else `apply` would do, or why it could not."""
    if must_install(host, spec):
        return
    try:
        steps = [step for step in plan(name, host, (), spec).steps if step.id not in TOLD_ELSEWHERE]
    except ProvisionerError as error:
        yield Check("plan", passed=False, detail=error.message)
        return
    if steps:
        yield Check("plan", passed=False, detail="apply would " + ", ".join(step.title for step in steps))
