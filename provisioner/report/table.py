"""Outcomes as people read them: one host in a sentence, several as a table with the failures below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from provisioner.masking import masked
from provisioner.report.columns import grid, hanging, one_line, sentence
from provisioner.report.failure import failure_lines
from provisioner.report.groups import WIDEST, grouped, names, without_name
from provisioner.report.paint import Paint, plain, status_colour
from provisioner.runs.outcome import Outcome

HEAD = ("HOST", "STATUS", "DOCKER", "REGISTRY MIRRORS", "SECONDS")
MIRRORS = 3


def outcomes_text(outcomes: Sequence[Outcome], *, width: int | None = None, paint: Paint = plain) -> str:
    """The result of a command. `width` is what the terminal has, if it is one: mirrors that do not fit are cut."""
    if len(outcomes) == 1:
        return outcome_text(outcomes[0], width=width, paint=paint)
    lines = list(
        _table([_row(outcome) for outcome in outcomes], [outcome.status for outcome in outcomes], width, paint)
    )
    lines += [f"\n{failure}" for failure in failures(outcomes, width=width, paint=paint)]
    for group in grouped([outcome for outcome in outcomes if outcome.earlier], lambda row: (row.earlier,)):
        lines += ["", names([row.host for row in group], width=width or WIDEST) + ":"]
        lines += [hanging("  ", one_line(group[0].earlier), width)]
    counts = Counter(state(outcome) for outcome in outcomes)
    counted = ", ".join(f"{number} {what}" for what, number in counts.items())
    lines += ["", sentence(f"{len(outcomes)} hosts: {counted}", width)]
    return "\n".join(lines)


def outcome_text(outcome: Outcome, *, width: int | None = None, paint: Paint = plain) -> str:
    """One line a host, and below it what failed and the way out."""
    _, _, version, mirrors, _ = _row(outcome)
    parts = [
        state(outcome),
        f"Docker {version}" if version else "",
        f"mirrors {mirrors}" if mirrors else "",
        one_line(outcome.note),
        one_line(outcome.earlier),
    ]
    said = f"{outcome.host}: " + ", ".join(part for part in parts if part) + f" ({outcome.seconds:.1f} s)"
    lines = sentence(said, width).split("\n")
    lines[0] = lines[0].replace(f": {state(outcome)}", f": {paint(state(outcome), status_colour(outcome.status))}", 1)
    lines += [
        hanging(f"  {check.name}: ", one_line(check.detail), width)
        for check in outcome.checks
        if check.passed and check.name == "proof"
    ]
    return "\n".join([*lines, *_error(outcome, width)])


def lines_text(outcomes: Sequence[Outcome], *, paint: Paint = plain) -> str:
    """A line a host, whatever there is to say: for mail and logs."""
    return "\n".join(_line(outcome, paint) for outcome in outcomes)


def failures(outcomes: Sequence[Outcome], *, width: int | None = None, paint: Paint = plain) -> list[str]:
    """What went wrong, in full; hosts on which the same went wrong share the text of the first."""
    groups = grouped([outcome for outcome in outcomes if outcome.error], _words)
    return ["\n".join(_failure(group, width, paint)) for group in groups]


def state(outcome: Outcome) -> str:
    """The status in words."""
    if outcome.status == "skipped" and not outcome.error:
        return "done before"
    return "nothing to do" if outcome.status == "converged" else outcome.status.replace("_", " ")


def _table(rows: list[tuple[str, ...]], statuses: list[str], width: int | None, paint: Paint) -> Iterator[str]:
    for line in grid([HEAD, *rows], right=len(HEAD) - 1, room=width, shorten=[MIRRORS]):
        cells = list(line.cells)
        if line.row and len(cells) > 1:
            cells[1] = paint(cells[1], status_colour(statuses[line.row - 1]))
        text = "  ".join(cells).rstrip()
        yield text if line.row else paint(text, "bold")


def _row(outcome: Outcome) -> tuple[str, ...]:
    info = outcome.facts.engine.info if outcome.facts else None
    version, mirrors = (info.version, " ".join(info.mirrors)) if info else ("", "")
    return outcome.host, state(outcome), one_line(version), one_line(mirrors), f"{outcome.seconds:.1f}"


def _words(outcome: Outcome) -> tuple[str, ...]:
    return outcome.status, *(without_name(outcome.host, line) for line in _error(outcome))


def _line(outcome: Outcome, paint: Paint) -> str:
    said = f"{outcome.host}: {paint(state(outcome), status_colour(outcome.status))}"
    if outcome.error is None:
        return f"{said}, {one_line(outcome.note)}" if outcome.note else said
    lines = masked(outcome.error.message).removeprefix(f"{outcome.host}: ").split("\n")
    return f"{said}: {one_line('; '.join(map(str.strip, lines)))}"


def _failure(group: list[Outcome], width: int | None, paint: Paint) -> list[str]:
    """What hosts that failed alike have to say, once."""
    first = group[0]
    said = paint(state(first), status_colour(first.status))
    if len(group) == 1:
        return [f"{first.host}: {said}", *_error(first, width)]
    hosts = names([outcome.host for outcome in group], width=min(WIDEST, width or WIDEST))
    return [f"{len(group)} hosts: {said}", hosts, *_error(first, width, shared=True)]


def _error(outcome: Outcome, width: int | None = None, *, shared: bool = False) -> list[str]:
    edits = "".join(edit.unified() for edit in outcome.edits)
    if outcome.error is None:
        return []
    return failure_lines(outcome.host, outcome.error, margin="  ", more=edits, width=width, shared=shared)
