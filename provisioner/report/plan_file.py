"""What there is to say about a file of plans."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence

from provisioner.runs.outcome import Outcome
from provisioner.runs.plan_file import OLD, PlanFile

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def kept_text(path: str, outcomes: Sequence[Outcome], *, secret: bool | None) -> str:
    """What was written; `secret`: whether it holds one, None when nothing was."""
    if secret is None:
        return f"no plan was kept in {path}: there is none for any host"
    left_out = sum(outcome.error is not None for outcome in outcomes)
    said = f"the plan is in {path}, to be run as shown: provisioner apply {shlex.quote(path)}"
    if left_out:
        said += f"; {left_out} host{' is' if left_out == 1 else 's are'} not in it"
    return f"{said}\nit holds secrets of configurations; only you can read it" if secret else said


def about_text(file: PlanFile) -> str:
    """How old a plan is, what made it, and which hosts it leaves out."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(file.made))
    lines = [f"the plan of {file.path}, made {_ago(file.age)} ago ({when}): provisioner {shlex.join(file.argv)}"]
    if file.age > OLD:
        lines.append("warning: it is old; package sources may have other versions by now")
    if file.left_out:
        name, why = next(iter(file.left_out.items()))
        number = len(file.left_out)
        lines.append(f"{number} host{' was' if number == 1 else 's were'} left out of it, such as {name}: {why}")
    return "\n".join(lines)


def _ago(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), (1, "second"))
    number = int(seconds // size)
    return f"{number} {unit}{'' if number == 1 else 's'}"
