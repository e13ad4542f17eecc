"""Plans as people read them: what is the same for many hosts is said once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from provisioner.masking import masked
from provisioner.plan.model import Plan, Step
from provisioner.report.columns import hanging, one_line, sentence
from provisioner.report.groups import WIDEST, grouped, names
from provisioner.report.paint import Paint, plain
from provisioner.report.table import failures
from provisioner.runs.outcome import Outcome
from provisioner.scripts.render import apply_script

COLOURS = {"+": "green", "~": "yellow", "-": "red", "!": "magenta"}


def plans_text(plans: Sequence[Plan], *, script: bool = False, width: int | None = None, paint: Paint = plain) -> str:
    """Plans: symbols, reasons, file diffs, how the daemon takes it; the script on request.

    Hosts with the same steps share a text, in which differing file diffs name theirs.
    """
    return "\n".join(
        "\n".join(_group(group, script, min(WIDEST, width) if width else None, paint))
        for group in grouped(plans, _look)
    )


def planned_text(
    outcomes: Sequence[Outcome], *, script: bool = False, width: int | None = None, paint: Paint = plain
) -> str:
    """The result of `plan`: the plans, then what failed, then how many hosts would change."""
    planned = [outcome.plan for outcome in outcomes if outcome.plan and not outcome.error]
    parts = [plans_text(planned, script=script, width=width, paint=paint)] if planned else []
    parts += failures(outcomes, width=width, paint=paint)
    if len(outcomes) > 1:
        changes = sum(not plan.empty for plan in planned)
        failed = sum(outcome.failed for outcome in outcomes)
        said = f"\n{len(outcomes)} hosts: {changes} would change, {len(planned) - changes} as wanted"
        parts.append(f"{said}, {failed} failed" if failed else said)
    return "\n".join(parts)


def confirmation_text(plans: Sequence[Plan], total: int, *, allow_restart: bool, failed: int = 0) -> str:
    """What a yes would do, and how many hosts are left out because they `failed`."""
    stopping = [plan for plan in plans if plan.restart.stops_containers]
    going = [plan for plan in plans if allow_restart or plan not in stopping]
    restarts = sum(plan.restart.how == "restart" for plan in going)
    blocked = 0 if allow_restart else len(stopping)
    containers = sum(plan.restart.stops_containers for plan in stopping)
    if total == 1:
        text, who = "The host changes", "its engine restarts"
    else:
        text = f"{len(plans) - blocked} of {total} hosts change"
        who = f"{restarts} restart{'s' if restarts == 1 else ''} the engine"
    text += f", {who}" if restarts else ", no engine restarts"
    if containers and allow_restart:
        text += f", {containers} running containers stop"
    if blocked:
        text += f"; {blocked} stay{'s' if blocked == 1 else ''} as it is: a restart would stop {containers} containers"
        text += " (--allow-restart)"
    left_out = f" {failed} failed and {'is' if failed == 1 else 'are'} left out." if failed else ""
    return f"{text}.{left_out}"


def _look(plan: Plan) -> Hashable:
    """All that is shown of a plan but its host and its diffs."""
    steps = tuple((step.action, step.title, step.why) for step in plan.steps)
    return plan.platform, plan.strategy, plan.rejected, plan.warnings, plan.restart, steps


def _group(plans: list[Plan], script: bool, width: int | None, paint: Paint) -> Iterator[str]:  # noqa: FBT001 # passed through
    first = plans[0]
    where = ", ".join(filter(None, (first.platform, first.strategy)))
    if len(plans) == 1:
        head, *rest = sentence(f"{first.host}: {where}", width).split("\n")
        yield paint(f"{first.host}:", "bold") + head.removeprefix(f"{first.host}:")
        yield from rest
    else:
        yield paint(f"{len(plans)} hosts: ", "bold") + where
        yield names([plan.host for plan in plans], width=width or WIDEST)
    for row in first.rejected:
        yield hanging(f"  not {row.strategy}: ", row.reason, width)
    for warning in first.warnings:
        yield paint(hanging("  warning: ", warning, width), "yellow")
    if first.empty:
        yield "  nothing to do"
    for index, step in enumerate(first.steps):
        yield from _step(step, width, paint)
        yield from _diffs(plans, index, width, paint)
    if first.restart.how in {"reload", "restart", "stop"}:
        stops = first.restart.stops_containers
        cost = f"; it stops {stops} running containers" if stops else ""
        yield hanging(f"  {first.restart.how}: ", f"{first.restart.why}{cost}", width)
    if script and first.steps:
        for group in grouped(plans, _script_but_for_its_host):
            if len(plans) > 1:
                yield f"\n# The script of {' '.join(plan.host for plan in group)}"
            yield f"\n{_script(group[0])}"


def _step(step: Step, width: int | None, paint: Paint) -> Iterator[str]:
    yield paint(hanging(f"  {step.action} ", one_line(step.title), width), COLOURS[step.action])
    if step.why:
        yield hanging("      ", step.why, width)


def _diffs(plans: list[Plan], index: int, width: int | None, paint: Paint) -> Iterator[str]:
    groups = grouped(plans, lambda plan: plan.steps[index].diffs)
    for group in groups:
        diffs = group[0].steps[index].diffs
        if len(groups) > 1 and diffs:
            yield names([plan.host for plan in group], "      ", width=(width or WIDEST) - 1) + ":"
        for diff in diffs:
            for line in masked(diff.unified()).rstrip("\n").split("\n"):
                yield "      " + _painted(line, paint)


def _painted(line: str, paint: Paint) -> str:
    if line.startswith(("+++", "---", "@@")):
        return paint(line, "bold")
    return paint(line, {"+": "green", "-": "red"}.get(line[:1], ""))


def _script(plan: Plan) -> str:
    """The script as a terminal may show it; it is the one that runs, unless a configuration holds a secret."""
    runs = apply_script(plan)
    shown = masked(runs)
    to_read = "# *** hides a secret here: this is to be read, `provisioner render script` prints what runs\n"
    return shown if shown == runs else to_read + shown


def _script_but_for_its_host(plan: Plan) -> str:
    return "\n".join(line for line in apply_script(plan).split("\n") if not line.startswith("# Plan for "))
