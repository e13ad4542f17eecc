"""The record on a host of what runs have written: brought up to date with what is there."""

from __future__ import annotations

from provisioner.facts.model import Facts
from provisioner.plan.engine_steps import note_files
from provisioner.plan.model import EngineProcess, Plan


def record_plan(host: str, facts: Facts) -> Plan:
    """Return the plan that takes files and engine as they are; empty when the record says that already."""
    touched = [file.path for file in facts.record.files if not file.untouched]
    info = facts.engine.info
    version = info.version if info and facts.record.engine not in {"", info.version} else ""
    if not touched and not version:
        return Plan(host, "", "")
    return Plan(
        host,
        "",
        "",
        (note_files(touched),),
        init=facts.service_manager,
        engine=EngineProcess.of(facts.engine),
        engine_version=version,
    )
