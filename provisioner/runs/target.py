"""A host to work on: how it is reached, and what is wanted of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from provisioner.errors import TARGET, WANTED, ProvisionerError

if TYPE_CHECKING:
    from provisioner.facts.model import Facts
    from provisioner.runs.kept_plan import KeptPlan
    from provisioner.transports.base import Transport
    from provisioner.wanted.spec import Spec


@dataclass(frozen=True, slots=True)
class Target:
    """A host with the way to reach it and its wanted state.

    `removal` wants the engine away instead, "purge" its data as well. With `force`, mirrors are written that nothing
    answers on, too; they are not asked.
    `kept` is the plan that was made of it earlier, and is to be carried out as it was shown.
    `words` name the host on a command line, with the options that reach it; `options` are those that say what is wanted
    of it. `lettered` are options whose letter is another one's in this command: "-p/--port".
    """

    transport: Transport
    spec: Spec
    become_password: str | None = None
    removal: Literal["", "remove", "purge"] = ""
    force: bool = False
    kept: KeptPlan | None = None
    words: str = ""
    options: str = ""
    lettered: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.transport.name

    def gather(self, *, engine_alone: bool = False, runs: Sequence[str] = ()) -> Facts:
        """Return the facts that a plan of what is wanted needs; `engine_alone` is for one that changes neither
        packages nor accounts, `runs` are those that the host's journal is asked for.

        Raises:
            ConnectError, FactsError: see `provisioner.remote.gather`.
        """
        from provisioner.preflight.package_ways import hosts_to_ask
        from provisioner.remote.gather import gather

        return gather(
            self.transport,
            become_password=self.become_password,
            engine_alone=engine_alone,
            users=self.spec.users,
            runs=runs,
            sources=hosts_to_ask(self.spec),
        )

    def addressed(self, text: str) -> str:
        """Return a hint whose commands name this host, so that they work when they are pasted."""
        text = in_full(text, self.lettered)
        text = text.replace(f" {WANTED}", f" {self.options}" if self.options else "")
        return text.replace(TARGET, self.words or shlex.quote(self.name))

    def address(self, error: ProvisionerError | None) -> None:
        """Have the commands that `error` tells name this host."""
        if error is not None:
            error.message, error.hint = self.addressed(error.message), self.addressed(error.hint)


def in_full(text: str, lettered: Iterable[str]) -> str:
    """Return `text` with these options, "-p/--port", by their long names."""
    for option in lettered:
        text = text.replace(option, option.partition("/")[2])
    return text
