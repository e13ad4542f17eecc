"""The plan of one host that was made earlier, shown and kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from provisioner.errors import TARGET, WANTED, BlockedError
from provisioner.facts.model import Facts
from provisioner.plan.model import Plan
from provisioner.plan.rests_on import differences, rests_on


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """What was shown for a host, and the facts that it rests on, by name."""

    plan: Plan
    rests_on: Mapping[str, str]

    def plan_for(self, facts: Facts, users: Collection[str] = ()) -> Plan:
        """Return the plan, for a host that is still as it was.

        Raises:
            BlockedError: it is not; what has changed is in the message.
        """
        if changed := differences(self.rests_on, rests_on(facts, self.plan, users)):
            raise BlockedError(
                f"the host is not as it was when its plan was made: {changed}",
                hint=f"provisioner plan {TARGET} {WANTED} --out FILE makes a new one",
            )
        return self.plan
