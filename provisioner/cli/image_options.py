"""Options of commands about images: docker's letters where docker has one, the others in full."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Optional

import typer

from provisioner.cli.connection import Connection
from provisioner.cli.options import AsJson, Output

WHO = "Hosts and connection"

Words = Annotated[
    Optional[list[str]],
    typer.Argument(metavar="[IMAGE]... [USER@HOST]...", help="a word with USER@ is a host; none: this machine"),
]

On = Annotated[
    Optional[list[str]],
    typer.Option("--on", help="a host without USER@, which would be taken for an image; repeatable", metavar="HOST"),
]

_InventoryInFull = Annotated[
    Optional[str],
    typer.Option("--inventory", help="hosts and their wanted state", metavar="FILE", rich_help_panel=WHO),
]


@dataclass(frozen=True, slots=True)
class ImageConnection(Connection):
    """`Connection` where -f is docker's --filter."""

    forks: Annotated[int, typer.Option("--forks", min=1, help="hosts at a time", rich_help_panel=WHO)] = 50


@dataclass(frozen=True, slots=True)
class LoadConnection(ImageConnection):
    """`ImageConnection` where -i is docker's --input."""

    inventory: _InventoryInFull = None

    @classmethod
    def reaching(cls, connection: Connection) -> LoadConnection:
        """The same way to a host that is named apart from those of an inventory."""
        values = {field.name: getattr(connection, field.name) for field in fields(connection)}
        return cls(**{**values, "inventory": None, "limit": None, "shard": None, "keep_together": None})


@dataclass(frozen=True, slots=True)
class RunConnection(ImageConnection):
    """`ImageConnection` where the letters are those of `docker run`."""

    inventory: _InventoryInFull = None
    limit: Annotated[
        Optional[str],
        typer.Option("--limit", help="of the inventory: web,!web03", metavar="PATTERN", rich_help_panel=WHO),
    ] = None
    user: Annotated[
        Optional[str], typer.Option("--user", help="login name on the host", metavar="NAME", rich_help_panel=WHO)
    ] = None
    port: Annotated[Optional[int], typer.Option("--port", min=1, max=65535, help="SSH port", rich_help_panel=WHO)] = (
        None
    )


@dataclass(frozen=True, slots=True)
class ImageOutput:
    """What `Output` has, where -q is docker's own."""

    as_json: AsJson = False
    no_color: Annotated[bool, typer.Option("--no-color", help="no colours on a terminal either")] = False

    @property
    def output(self) -> Output:
        return Output(as_json=self.as_json, no_color=self.no_color)


Filter = Annotated[
    Optional[list[str]],
    typer.Option(
        "-f", "--filter", help="dangling, label, before, since, reference, until; repeatable", metavar="KEY=VALUE"
    ),
]
