"""Questions about a change that is about to begin, asked on stderr, so that stdout carries the result alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from provisioner.report import gate
from provisioner.report.columns import sentence
from provisioner.report.plans import confirmation_text
from provisioner.report.removal import name_questions
from provisioner.report.terminal import terminal_width
from provisioner.runs.outcome import Outcome


class YesOrNo:
    """One question about all hosts; see `provisioner.runs.audience.Confirm`."""

    def __init__(self, *, allow_restart: bool) -> None:
        self._allow_restart = allow_restart

    def __call__(self, pending: Sequence[Outcome], *, total: int, failed: int) -> bool:
        plans = [outcome.plan for outcome in pending if outcome.plan and not outcome.plan.empty]
        return confirmed(confirmation_text(plans, total, allow_restart=self._allow_restart, failed=failed))


def each_by_name(pending: Sequence[Outcome], *, total: int, failed: int) -> bool:
    """Have each host named whose data would go, by the name that it gives itself; one mistake ends it for all."""
    del total, failed
    for name, asked in name_questions(pending):
        gate.remark(asked, end="")
        if sys.stdin.readline().strip() != name:
            gate.remark("that is not its name; nothing was changed")
            return False
    return True


def confirmed(asked: str) -> bool:
    """Ask on stderr, after `asked`; True for "y" or "yes", False for all else and for the end of the input.

    Raises:
        KeyboardInterrupt: Ctrl-C instead of an answer.
    """
    gate.remark(sentence(asked, terminal_width("stderr")))
    gate.remark("Go on? [y/N] ", end="")
    try:
        agreed = sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        gate.remark("")
        raise
    if not agreed:
        gate.remark("nothing was changed")
    return agreed
