"""Changes to images and by them, in the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from provisioner.errors import ProvisionerError
from provisioner.plan.model import StepResult
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each
from provisioner.runs.history import Journal
from provisioner.runs.named_run import WHOLE, Part, refuse_other_use
from provisioner.runs.outcome import Outcome, status_of
from provisioner.runs.run_name import run_name
from provisioner.runs.target import Target

Row = TypeVar("Row")


def begun(
    command: str, argv: Sequence[str], targets: Sequence[Target], warn: Callable[[str], None], part: Part = WHOLE
) -> Journal:
    """Begin a run of `command` over these hosts, or go on with the one that `part` names.

    Raises:
        UsageError: the history has another run of that name, or it is no name.
    """
    wanted = {target.name: target.spec for target in targets}
    if part.run is not None:
        refuse_other_use(run_name(part.run), command, part.shard, wanted)
    return Journal(command, argv, wanted, warn=warn, run=part.run, shard=part.shard)


def outcome(
    host: str, command: str, *, seconds: float, error: ProvisionerError | None = None, note: str = ""
) -> Outcome:
    """What became of a host on which `command` ran: changed, or why not."""
    timings: Mapping[str, float] = {command: seconds}
    if error is not None:
        return Outcome(host, status_of(error), error=error, timings=timings)
    return Outcome(host, "changed", results=(StepResult(command, "ok", seconds),), timings=timings, note=note)


def on_each(
    command: str,
    argv: Sequence[str],
    targets: Sequence[Target],
    work: Callable[[Target], Row],
    *,
    failed: Callable[[str, ProvisionerError], Row],
    became: Callable[[Row], Outcome],
    warn: Callable[[str], None],
    told: Callable[[Outcome], None] = lambda _: None,
    part: Part = WHOLE,
    alone_here: bool = False,
    **how: Any,
) -> list[Row]:
    """Return what `work` returns for every target, each with its outcome in the history; `told` hears of it as well.

    With `alone_here`, a host that is alone is worked on in this thread, which hears of Ctrl-C and owns the terminal. A
    run that is cut off stays without an end in the history. `how` goes to `provisioner.runs.fleet.each`.

    Raises:
        UsageError: see `begun`; no host was contacted.
    """
    journal = begun(command, argv, targets, warn, part)

    def done(row: Row) -> None:
        end = became(row)
        journal.add(end)
        told(end)

    def instead(target: Target, error: Exception) -> Row:
        return failed(target.name, as_error(error, target.name))

    if alone_here and len(targets) == 1:
        rows = [work(targets[0])]
        done(rows[0])
    else:
        rows = each(targets, work, instead=instead, done=done, **how)
    journal.end()
    return rows
