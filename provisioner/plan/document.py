"""A plan as a JSON document, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from provisioner.plan.model import EngineProcess, FileDiff, Plan, Rejected, Restart, Step


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return all of the plan."""
    return asdict(plan)


def plan_of(document: Mapping[str, Any]) -> Plan:
    """Return the plan of a document.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    engine, restart = document["engine"], document["restart"]
    return Plan(
        **{
            **document,
            "steps": tuple(map(_step, document["steps"])),
            "rejected": tuple(Rejected(**row) for row in document["rejected"]),
            "warnings": tuple(document["warnings"]),
            "restart": Restart(**restart),
            "engine": EngineProcess(
                **{**engine, "options": tuple(engine["options"]), "others": tuple(engine["others"])}
            ),
        }
    )


def _step(document: Mapping[str, Any]) -> Step:
    return Step(**{**document, "diffs": tuple(FileDiff(**diff) for diff in document["diffs"])})
