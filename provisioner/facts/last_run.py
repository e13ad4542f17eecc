"""The last entry of a host's journal, in words."""

from __future__ import annotations

from datetime import datetime, timezone

from provisioner.facts.journal import HostJournal

_ENDS = {"changed": "done", "rolled_back": "rolled back", "cut_off": "cut off"}
_LATEST = 10**11  # seconds since the epoch: a host may name a time that no calendar has


def last_run(journal: HostJournal) -> str:
    """What was asked for last, when and by whom, and what came of it; "" when the host knows of nothing."""
    entry = journal.last
    if entry is None:
        return ""
    when = f" on {datetime.fromtimestamp(entry.began, timezone.utc):%F %T} UTC" if 0 < entry.began < _LATEST else ""
    by = f" by {entry.by}" if entry.by else ""
    end = journal.ended(entry)
    return f"{entry.command or 'a plan'}{when}{by}: {_ENDS.get(end, end)} (run {entry.run})"
