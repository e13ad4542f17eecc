"""The options that say how a change goes through many hosts."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from provisioner.cli.connection import Connection
    from provisioner.runs.named_run import Part
    from provisioner.runs.terms import Terms

_HOW = "Rollout"

Proof = Annotated[
    Optional[str],
    typer.Option(
        "--proof",
        help="at the end pull IMAGE, and show that it came through a mirror; images stay as they were",
        metavar="IMAGE",
        rich_help_panel=_HOW,
    ),
]


RunId = Annotated[
    Optional[str],
    typer.Option(
        "--run", help="name of the run in the history; the same for all its shards", metavar="ID", rich_help_panel=_HOW
    ),
]


@dataclass(frozen=True, slots=True)
class Rollout:
    plan: Annotated[
        bool, typer.Option("--plan", help="show what would be done, and touch nothing", rich_help_panel=_HOW)
    ] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask", rich_help_panel=_HOW)] = False
    allow_restart: Annotated[
        bool,
        typer.Option("--allow-restart", help="a restart may stop running containers", rich_help_panel=_HOW),
    ] = False
    proof: Proof = None
    canary: Annotated[
        Optional[int],
        typer.Option("--canary", min=1, help="so many hosts first; a failure stops all", rich_help_panel=_HOW),
    ] = None
    batch: Annotated[
        Optional[str], typer.Option("--batch", help="then so many at a time", metavar="N|P%", rich_help_panel=_HOW)
    ] = None
    max_failures: Annotated[
        Optional[str],
        typer.Option("--max-failures", help="begin no more once so many failed", metavar="N|P%", rich_help_panel=_HOW),
    ] = None
    resume: Annotated[
        bool,
        typer.Option("--resume", help="leave out what the last such run finished", rich_help_panel=_HOW),
    ] = False
    run: RunId = None

    def terms(self, forks: int) -> Terms:
        """Raises UsageError for a share that is none."""
        from provisioner.runs.brakes import Brakes, Share
        from provisioner.runs.terms import Terms

        brakes = Brakes(
            self.canary or 0,
            None if self.batch is None else Share.parse(self.batch, "--batch"),
            None if self.max_failures is None else Share.parse(self.max_failures, "--max-failures"),
        )
        return Terms(brakes, forks, self.allow_restart, self.proof, self.resume)


def part_of(run: str | None, connection: Connection) -> Part:
    """Which part of which run the hosts of these options are."""
    from provisioner.runs.named_run import Part

    return Part(run, connection.shard or "")
