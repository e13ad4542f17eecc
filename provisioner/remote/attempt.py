"""One attempt at a run on a host: what its entry in the host's journal is called, and what it says.

The name of a run is the same on all its hosts, and for whoever repeats it; `word` tells one command that does so from
another. What a host does when it is asked for a run that its journal knows already:

- An attempt that goes on is joined, whoever began it. Its end is the outcome.
- The same attempt again hears what came of it, whatever that was. So a task that a queue repeats changes nothing twice.
- Another attempt hears of one that has changed the host, if nothing is left to do there: `changed`, not `converged`.
- Otherwise it is a new attempt, at what is left to do by then: the one before failed, was rolled back or cut off.

The runs that a run resumes count as the run itself, except that none of their attempts is the same one.
"""

from __future__ import annotations

import getpass
import os
import platform
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, replace

from provisioner.masking import masked
from provisioner.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Attempt:
    """`command` is what the journal says was asked for; `resumes` are the runs that this one goes on with, newest
    first. `word` has letters and digits alone. `seen` are the entries that the plan was made in view of.
    """

    run: str
    word: str
    command: str = ""
    resumes: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """That of the entry, and of the attempt's directory."""
        return f"{self.run}.{self.word}"

    @property
    def runs(self) -> tuple[str, ...]:
        """Those whose entries matter."""
        return (self.run, *self.resumes)

    def is_of(self, entry_run: str, entry_word: str) -> bool:
        """Whether an entry is this attempt's, or that of one in its stead: see `in_view_of`."""
        return entry_run == self.run and entry_word.partition("_")[0] == self.word.partition("_")[0]

    def in_view_of(self, names: Collection[str]) -> Attempt:
        """The attempt once a plan was made in view of these entries. Its own may be one of them, if it was cut off."""
        word, number = self.word, 2
        while f"{self.run}.{word}" in names:
            word, number = f"{self.word}_{number}", number + 1
        return replace(self, word=word, seen=tuple(names))


def new_attempt(run: str, command: str, resumes: tuple[str, ...] = ()) -> Attempt:
    """The attempt of one command at `run`, the same for all its hosts."""
    return Attempt(run, secrets.token_hex(3), command, resumes)


def holder(attempt: Attempt) -> str:
    """Who does it, for somebody else who finds the host's lock taken."""
    return (
        f"{getpass.getuser()}@{platform.node()} since {time.strftime('%F %T %Z')} "
        f"(pid {os.getpid()}, run {attempt.name})"
    )


def opening(attempt: Attempt, plan: Plan, facts: str) -> tuple[str, ...]:
    """The lines that an entry begins with. `facts` is the digest of those that the plan rests on."""
    head = {
        "run": attempt.run,
        "attempt": attempt.word,
        "by": f"{getpass.getuser()}@{platform.node()}",
        "command": attempt.command,
        "began": str(int(time.time())),
        "facts": facts,
    }
    lines = [f"{key} {value}" for key, value in head.items()]
    lines += [f"step {step.id} {step.action} {masked(step.title)}" for step in plan.steps]
    return tuple(" ".join(line.split())[:500] for line in lines)
