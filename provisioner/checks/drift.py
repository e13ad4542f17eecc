"""Where a host has moved away from: from its wanted state, from what its files say, from what our last run left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.catalogue.daemon_keys import problems
from provisioner.catalogue.versions import satisfies
from provisioner.checks.mirror_status import overridden
from provisioner.errors import DaemonConfigurationError, ProvisionerError
from provisioner.facts.daemon_live import live_value, shows
from provisioner.facts.flags import flag_places
from provisioner.facts.model import Facts
from provisioner.facts.record import WrittenFile
from provisioner.host_files import daemon_json
from provisioner.mirror_probe.judge import Judged
from provisioner.plan.model import Check
from provisioner.planner.planner import HOLDABLE, must_install, plan
from provisioner.wanted.spec import Spec

TOLD_ELSEWHERE = frozenset({"service", "hold", "packages"})
"""Steps of a plan that a check of their own stands for."""


def drift(host: str, facts: Facts, spec: Spec, probed: Sequence[Judged] = ()) -> tuple[Check, ...]:
    """Return every check; those that have not passed are the differences.

    `probed` are the host's mirrors as it sees them. Where `spec` says nothing, the host's own files and the record of
    our last run there are what it is compared with.
    """
    checks = [_engine(facts)]
    if not facts.engine.installed:
        return tuple(checks)
    checks += _service(facts)
    checks += _configuration(facts)
    checks += _edited(facts)
    checks += _version(facts, spec)
    checks += _mirrors(facts, spec, probed)
    checks += _hold(facts, spec)
    checks += _plan(host, facts, spec)
    return tuple(checks)


def _engine(facts: Facts) -> Check:
    info = facts.engine.info
    if not facts.engine.installed:
        return Check("engine", passed=False, detail="there is no Docker Engine on this host")
    return Check("engine", info is not None, info.version if info else facts.engine.error or "it does not run")


def _service(facts: Facts) -> Iterator[Check]:
    if facts.engine.snap or facts.init == "none":
        return
    if facts.init != "systemd":
        said = "starts at boot" if facts.starts_at_boot else "does not start at boot"
        yield Check("service", facts.starts_at_boot, said)
        return
    unit = facts.units.get("docker.service")
    state = f"{unit.active_state}, {unit.unit_file_state}" if unit else "no unit"
    yield Check("service", state == "active, enabled", state)
    if unit and unit.needs_reload:
        yield Check(
            "unit files", passed=False, detail="changed, and systemd has not read them: systemctl daemon-reload"
        )


def _configuration(facts: Facts) -> Iterator[Check]:
    file, info = facts.daemon_json, facts.engine.info
    if file is None:
        return
    path = facts.engine.config_path
    try:
        current = daemon_json.parse(file.text, file.path)
    except DaemonConfigurationError as error:
        yield Check("configuration", passed=False, detail=f"the next start will fail: {error.message}")
        return
    wrong = [*problems(current, info.version if info else "")]
    for key in current:
        for place in flag_places(facts, key):
            wrong.append(f"{place.where} gives {place.flag}, and {path} has {key} as well")
            break
    if wrong:
        yield Check("configuration", passed=False, detail=f"the next start will fail: {'; '.join(wrong)}")
        return
    stale = [key for key, value in current.items() if info and value is not None and not shows(info, key, value)]
    said = ", ".join(f"{key} is {live_value(info, key)!r}" for key in stale) if info else ""
    yield Check("configuration", not stale, f"{path} was not reloaded: {said}" if stale else path)


def _edited(facts: Facts) -> Iterator[Check]:
    touched = [file for file in facts.record.files if not file.untouched]
    if not facts.record.files:
        return
    yield Check(
        "files", not touched, "; ".join(map(_fate, touched)) or f"{len(facts.record.files)} as they were written"
    )


def _fate(file: WrittenFile) -> str:
    what = "was edited" if file.now else "was removed"
    return f"{file.path} {what} since it was written on {file.when[:4]}-{file.when[4:6]}-{file.when[6:8]}"


def _version(facts: Facts, spec: Spec) -> Iterator[Check]:
    info, record = facts.engine.info, facts.record
    if info is None:
        return
    if spec.version and spec.version != "latest":
        yield Check("version", satisfies(info.version, spec.version), f"{info.version}, wanted {spec.version}")
    elif record.engine:
        moved = record.engine != info.version
        yield Check("version", not moved, f"{info.version}, {record.engine} at the last run" if moved else info.version)


def _mirrors(facts: Facts, spec: Spec, probed: Sequence[Judged]) -> Iterator[Check]:
    info = facts.engine.info
    if info is None:
        return
    shown = " ".join(info.mirrors) or "none"
    if spec.registry_mirrors is not None:
        as_wanted = info.mirrors == spec.registry_mirrors
        said = shown if as_wanted else f"{shown}, wanted {' '.join(spec.registry_mirrors) or 'none'}"
        yield Check("registry mirrors", as_wanted, said)
    for problem in overridden(facts):
        yield Check("registry mirrors", passed=False, detail=problem)
    for mirror in probed:
        yield Check(f"mirror {mirror.url}", mirror.usable, f"{mirror.verdict}: {mirror.evidence}")


def _hold(facts: Facts, spec: Spec) -> Iterator[Check]:
    if spec.hold:
        loose = [name for name in HOLDABLE if name in facts.packages and name not in facts.held]
        yield Check("hold", not loose, f"not held: {', '.join(loose)}" if loose else "held")


def _plan(host: str, facts: Facts, spec: Spec) -> Iterator[Check]:
    """What else `apply` would do, or why it could not."""
    if must_install(facts, spec):
        return
    try:
        steps = [step for step in plan(host, facts, (), spec).steps if step.id not in TOLD_ELSEWHERE]
    except ProvisionerError as error:
        yield Check("plan", passed=False, detail=error.message)
        return
    if steps:
        yield Check("plan", passed=False, detail="apply would " + ", ".join(step.title for step in steps))
