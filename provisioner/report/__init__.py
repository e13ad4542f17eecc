"""Outcomes -> what people read, and the JSON envelope that programs read."""

from __future__ import annotations

from provisioner.report.envelope import envelope
from provisioner.report.plans import plan_text, plans_text, question
from provisioner.report.table import failures, outcome_text, outcomes_text

__all__ = ["envelope", "failures", "outcome_text", "outcomes_text", "plan_text", "plans_text", "question"]
