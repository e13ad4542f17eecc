"""Whether a host can carry a Docker Engine: facts -> findings, decided without touching it.

A finding that fails is one that stops `apply`. What matters only for an installation never stops a change to an
engine that runs: such a failure is reported as a warning there.
"""

from __future__ import annotations

from provisioner.preflight.preflight import blocking_error, check, plan_warnings

__all__ = ["blocking_error", "check", "plan_warnings"]
