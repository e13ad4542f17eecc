"""A host's journal: what attempts at runs have begun there, and what came of them.

templates/journal.sh says how an entry is written. A host may say anything, so an entry that is none is passed over, and
of one that is there are limits to all its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from provisioner.facts.frames import Frame

Ended = Literal["changed", "failed", "rolled_back", "cut_off"]
"""What came of an attempt as its host saw it. `cut_off`: nobody saw how it ended."""

ENTRIES, LINES, WORDS = 32, 400, 500
"""Of one answer, of an entry, and of the characters in a line of one."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_DIGITS = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Done:
    """A step that an attempt had before it, with its symbol: see `provisioner.plan.model.Action`."""

    id: str
    action: str
    title: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt at a run. `began` is in seconds since the epoch by the clock of the controller, 0 if it is not told.

    `by` says who began it, `facts` is the digest of the facts that its plan rested on, `steps` are those of that plan.
    `said` are the markers of its steps and its end, as far as they are known. `ended` is "" of one without an end: it
    goes on, or was cut off; see `HostJournal.goes_on`.
    """

    run: str
    attempt: str
    by: str = ""
    command: str = ""
    began: int = 0
    facts: str = ""
    steps: tuple[Done, ...] = ()
    said: tuple[str, ...] = ()
    ended: Ended | Literal[""] = ""

    @property
    def name(self) -> str:
        """That of its file, and of its run's directory."""
        return f"{self.run}.{self.attempt}"


@dataclass(frozen=True, slots=True)
class HostJournal:
    """The entries that were asked for, and the `last` one, whichever run it is of. `locked`: a run goes on there."""

    entries: tuple[Entry, ...] = ()
    last: Entry | None = None
    locked: bool = False

    def goes_on(self, entry: Entry) -> bool:
        """Whether the attempt is under way; one without an end that is not was cut off."""
        return not entry.ended and self.locked

    def ended(self, entry: Entry) -> Ended | Literal["goes on"]:
        """What came of the attempt, or that it goes on."""
        return "goes on" if self.goes_on(entry) else entry.ended or "cut_off"

    def of(self, runs: Sequence[str]) -> tuple[Entry, ...]:
        """The entries of these runs."""
        return tuple(entry for entry in self.entries if entry.run in runs)


def host_journal(answer: Iterable[Frame]) -> HostJournal:
    """Read the frames `journal-entry`, each a name on a line and then the entry, `journal-last` and `in-progress`."""
    entries: dict[str, Entry] = {}
    last, locked = "", False
    for frame in answer:
        if frame.name == "journal-last":
            last = frame.body.strip()
        elif frame.name == "in-progress":
            locked = True
        elif frame.name == "journal-entry" and len(entries) < ENTRIES:
            entry = entry_in(frame.body)
            if entry is not None:
                entries.setdefault(entry.name, entry)
    return HostJournal(tuple(entries.values()), entries.get(last), locked)


def entry_in(text: str) -> Entry | None:
    """Read the name of an entry on a line, and its text; None when that is no entry, or has another name."""
    name, *lines = (line[:WORDS] for line in text.split("\n")[: LINES + 1])
    run, _, attempt = name.rpartition(".")
    if not _NAME.fullmatch(name) or not run or not attempt:
        return None
    one: dict[str, str] = {}
    steps: list[Done] = []
    said: list[str] = []
    ended: Ended | Literal[""] = ""
    for line in lines:
        key, _, value = line.partition(" ")
        if key == "step":
            ident, action, title = [*value.split(" ", 2), "", ""][:3]
            steps.append(Done(ident, action, title))
        elif key == "said":
            said.append(value)
        elif key == "outcome":
            ended = cast("Ended", value) if value in get_args(Ended) else ended
        else:
            one.setdefault(key, value)
    if (one.get("run"), one.get("attempt")) != (run, attempt):
        return None
    return Entry(
        run,
        attempt,
        by=one.get("by", ""),
        command=one.get("command", ""),
        began=int(one["began"]) if _DIGITS.fullmatch(one.get("began", "")) else 0,
        facts=one.get("facts", ""),
        steps=tuple(steps),
        said=tuple(said),
        ended=ended,
    )
