"""Whether a Host or Match line speaks of this host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.errors import UsageError
from provisioner.transports.ssh_config_file import Line, matches, matches_list

_OUTSIDE = frozenset({"exec", "localnetwork", "version", "tagged", "command", "sessiontype"})
"""Criteria that depend on more than the files and the host: a command, the network, the ssh of this machine."""


class UndecidedError(Exception):
    """The files alone do not tell: `what` at `place`."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
        self.what = what


@dataclass(frozen=True, slots=True)
class Situation:
    """What Match may ask for: the host as typed and as HostName has it so far, both users, and which pass it is."""

    typed: str
    host: str
    user: str
    account: str
    final: bool
    counts: bool
    """False in a file that is included for other hosts: its lines are looked at, and none holds."""


def names(host: str, patterns: Sequence[str]) -> bool:
    """True when a Host line with these patterns names the host; one with `!` that matches rules it out."""
    found = False
    for pattern in patterns:
        if matches(host, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def holds(header: Line, situation: Situation) -> bool:
    """True when a Match line holds.

    Raises:
        UndecidedError: it depends on what only ssh itself can tell, or on a criterion that is not known here.
        UsageError: it is no Match line of OpenSSH.
    """
    words = iter(header.words)
    result, undecided, criteria = True, "", 0
    for word in words:
        negated = word.startswith("!")
        name, equals, value = word[negated:].partition("=")
        name = name.lower()
        if name == "all":
            if criteria > 1 or equals or next(words, None) is not None:
                raise UsageError(f"{header.place}: Match all stands alone, or behind canonical or final")
            result = result and not negated
            break
        criteria += 1
        if name in {"canonical", "final"}:
            result = result and situation.final != negated
            continue
        wanted = value if equals else next(words, None)
        if wanted is None or (not wanted and name not in {"tagged", "command"}):
            raise UsageError(f"{header.place}: Match {name} has no value")
        if name in _OUTSIDE:
            undecided = undecided or name
            continue
        criterion = _criterion(name, wanted, situation)
        if criterion is None:
            raise UndecidedError(header.place, f"Match {name}")
        result = result and criterion != negated
    if result and undecided and situation.counts:
        raise UndecidedError(header.place, f"Match {undecided}")
    return result and situation.counts


def _criterion(name: str, wanted: str, situation: Situation) -> bool | None:
    if name == "host":
        return matches_list(situation.host.lower(), wanted.lower())
    if name == "originalhost":
        return matches_list(situation.typed.lower(), wanted.lower())
    if name == "user":
        return matches_list(situation.user, wanted)
    if name == "localuser":
        return matches_list(situation.account, wanted)
    return None
