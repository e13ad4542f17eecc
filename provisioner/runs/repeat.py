"""A run that is repeated on a host: what the host's journal says of it decides. The rules stand in `remote.attempt`."""

from __future__ import annotations

from dataclasses import replace

from provisioner.facts.journal import Entry, HostJournal
from provisioner.facts.model import Facts
from provisioner.plan.model import Action, Plan, Step
from provisioner.remote.attempt import Attempt
from provisioner.remote.execute import OnStep, RunResult, join, recorded
from provisioner.runs.judgement import judged
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target

_ENDS = {
    "changed": "changed this host, which is not as wanted now",
    "failed": "failed",
    "rolled_back": "was rolled back",
    "cut_off": "was cut off, and what it had changed by then is not known",
    "goes on": "may still go on",
}
_NO_TEMPLATE = ""  # nobody runs them again
_ACTIONS: dict[str, Action] = {"+": "+", "~": "~", "-": "-", "!": "!"}


def going(attempt: Attempt, journal: HostJournal) -> Entry | None:
    """The attempt at this run that goes on."""
    return next(filter(journal.goes_on, journal.of(attempt.runs)), None)


def joined(target: Target, entry: Entry, facts: Facts, on_step: OnStep) -> Outcome | None:
    """Hear an attempt that goes on to its end; None when it was cut off.

    Raises:
        ProvisionerError: the host could not be heard to the end, or not be asked afterwards.
    """
    run = join(
        target.transport,
        _plan_of(target, entry),
        entry.name,
        become_password=target.become_password,
        on_step=on_step,
    )
    if run.facts is None and run.error is not None and not run.rolled_back:
        return None
    return _told(
        target, entry, facts, run, f"run {entry.run} was going on here" + (f", begun by {entry.by}" if entry.by else "")
    )


def told(target: Target, attempt: Attempt, facts: Facts) -> Outcome | None:
    """What came of this very attempt, once it has ended.

    Raises:
        ProvisionerError: the same as then, or the host could not be asked for more.
    """
    for entry in facts.journal.of((attempt.run,)):
        if attempt.is_of(entry.run, entry.attempt) and facts.journal.ended(entry) in {
            "changed",
            "failed",
            "rolled_back",
        }:
            run = recorded(_plan_of(target, entry), entry, facts)
            return _told(target, entry, facts, run, _done(entry))
    return None


def done_before(target: Target, attempt: Attempt, facts: Facts) -> Outcome | None:
    """The outcome of a host on which nothing is left to do, because another attempt at this run did it; or None.

    Raises:
        ProvisionerError: the host could not be asked for more.
    """
    journal = facts.journal
    surest_first = sorted(journal.of(attempt.runs), key=lambda entry: (entry.ended != "changed", -entry.began))
    for entry in surest_first:
        end = journal.ended(entry)
        run = recorded(_plan_of(target, entry), entry, facts)
        did_something = any(result.status == "ok" for result in run.results)
        if end in {"changed", "cut_off"} or (end == "failed" and did_something):
            said = _done(entry) if end == "changed" else _before(entry, end)
            return _told(target, entry, facts, replace(run, error=None), said)
    return None


def earlier(attempt: Attempt, journal: HostJournal) -> str:
    """What became of the last attempt at this run before this one; "" when there was none."""
    entries = sorted(journal.of(attempt.runs), key=lambda entry: entry.began)
    return _before(entries[-1], journal.ended(entries[-1])) if entries else ""


def in_view_of(attempt: Attempt, facts: Facts | None) -> Attempt:
    """The attempt once a plan was made in view of these facts."""
    return attempt.in_view_of([entry.name for entry in facts.journal.entries] if facts else [])


def heard(planned: Outcome, run: RunResult) -> Outcome:
    """What was planned, with a word on an attempt that came in between."""
    said = f"another command began run {run.joined.rpartition('.')[0]} here first" if run.joined else planned.earlier
    return replace(planned, earlier=said)


def _told(target: Target, entry: Entry, facts: Facts, run: RunResult, said: str) -> Outcome:
    return judged(target, Outcome(target.name, "planned", facts, _plan_of(target, entry), earlier=said), run)


def _plan_of(target: Target, entry: Entry) -> Plan:
    """The steps that an attempt had before it."""
    steps = (Step(done.id, done.title, "", _ACTIONS.get(done.action, "~"), _NO_TEMPLATE) for done in entry.steps)
    return Plan(target.name, "", "", steps=tuple(steps))


def _done(entry: Entry) -> str:
    return f"done by run {entry.run} before" + (f", begun by {entry.by}" if entry.by else "")


def _before(entry: Entry, end: str) -> str:
    by = f", begun by {entry.by}," if entry.by else ""
    return f"an earlier attempt at run {entry.run}{by} {_ENDS[end]}"
